import { cutSql } from '../migration/cut.ts';

/** What psql is told at the head of many pgTAP files: how it prints, and that it stops at an error. Nothing of it changes what a test finds. */
const settings =
  /^\\(?:set\s+(?:QUIET|ECHO|VERBOSITY|ON_ERROR_ROLLBACK|ON_ERROR_STOP)|unset\s+(?:QUIET|ECHO|VERBOSITY)|pset|timing|x|t|a|q?echo|warn)(?=\s|$)[^\r\n]*/i;

/** The text with such lines as spaces, so that every offset stays. */
export function withoutPsqlSettings(sql: string): string {
  for (let text = sql; ; ) {
    const command = [...cutSql(text)].at(-1);
    if (command?.kind !== 'meta-command' || command.inside) return text;
    const [line] = settings.exec(text.slice(command.first)) ?? [];
    if (line === undefined) return text;
    text = text.slice(0, command.first) + ' '.repeat(line.length) + text.slice(command.first + line.length);
  }
}
