import { type DumpEntry, joinDump, splitDump, titleOf } from '../canonical-entries.ts';

export interface CleanDump {
  sql: string;
  /** Of the pg_dump that wrote it, e.g. "18.3". */
  version: string;
}

/**
 * Takes away what differs from one run or one pg_dump to the next though the schema is the same: the random \restrict
 * key, pg_dump's own version, settings that only newer ones write, and words that older ones spell otherwise. Text of
 * the schema that only looks like these is left alone.
 */
export const cleanDump = (text: string): CleanDump => {
  const { head, entries, tail } = splitDump(text);
  const version = /^-- Dumped by pg_dump version (\S+)/m.exec(head)?.[1] ?? 'unknown';
  const sql = joinDump({
    head: cleanFrame(head),
    entries: entries.map((entry) => ({ ...entry, body: newerSpelling(entry) })),
    tail: `${cleanFrame(tail).trimEnd()}\n`,
  });
  return { sql, version };
};

const cleanFrame = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/^(\\(un)?restrict \w+|-- Dumped by pg_dump version .*|SET transaction_timeout = 0;)\r?$/.test(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');

/**
 * Writes what pg_dump 15 says as 18 says it. Two things stay different: names that became keywords since ("json"), which
 * only newer ones quote, and the options of subscriptions, of which newer ones write more (seen by superusers only).
 */
const newerSpelling = (entry: DumpEntry): string => {
  const { body } = entry;
  const { type } = titleOf(entry.header);
  switch (type) {
    case 'SEQUENCE':
    case 'VIEW':
    case 'MATERIALIZED VIEW':
      return body.replace(/(\n)ALTER TABLE ((?:[^\n]|"[^"]*")* OWNER TO [^\n]*;\s*)$/, `$1ALTER ${type} $2`);
    case 'FOREIGN TABLE':
      return body.replace(/^(ALTER FOREIGN TABLE )(?!ONLY )([^\n]* ALTER COLUMN [^\n]* OPTIONS \()$/gm, '$1ONLY $2');
    case 'DEFAULT ACL':
      return body.replace(/ ON (\w+) {2}(TO|FROM) /g, ' ON $1 $2 ');
    default:
      return body;
  }
};
