import { type DumpEntry, titleOf } from './canonical-entries.ts';

type Setting = 'default_tablespace' | 'default_table_access_method';
export type DumpSettings = Partial<Record<Setting, string>>;

const line = /^SET (default_tablespace|default_table_access_method) = (.*);$/;
const usual: DumpSettings = { default_tablespace: "''", default_table_access_method: 'heap' };

/**
 * Takes the settings off the end of a body. pg_dump writes one once, behind the object before the first that needs it,
 * so they belong to what follows.
 */
export const takeSettings = (body: string, before: DumpSettings): { body: string; settings: DumpSettings } => {
  const lines = body.trimEnd().split('\n');
  let kept = lines.length;
  while (kept > 0 && (lines[kept - 1] === '' || line.test(lines[kept - 1] as string))) kept -= 1;
  const settings = { ...before };
  for (const each of lines.slice(kept)) {
    const match = line.exec(each);
    if (match) settings[match[1] as Setting] = match[2];
  }
  return { body: lines.slice(0, kept).join('\n'), settings };
};

/** The settings that govern an object, as lines to stand before it; the usual ones are left unsaid. */
export const settingsFor = ({ header, body }: DumpEntry, settings: DumpSettings): string => {
  const { type } = titleOf(header);
  const stored = type === 'TABLE' || type === 'MATERIALIZED VIEW';
  const governing: Setting[] = [];
  if (stored || type === 'INDEX' || type === 'CONSTRAINT') governing.push('default_tablespace');
  // A partitioned table stores nothing itself.
  if (stored && !/^PARTITION BY /m.test(body)) governing.push('default_table_access_method');
  return governing
    .filter((name) => settings[name] !== undefined && settings[name] !== usual[name])
    .map((name) => `SET ${name} = ${settings[name]};\n`)
    .join('');
};

/** The settings of the frame that tell something of the database; versions, keys and comments are left out. */
export const frameSettings = (head: string): string =>
  head
    .split('\n')
    .filter((each) => /^(SET|SELECT) /.test(each) && !line.test(each) && each !== 'SET transaction_timeout = 0;')
    .join('\n');
