import { splitDump, titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { quoteName } from '../sql-names.ts';

/** A table of another tool and what belongs to it. */
export interface TableParts {
  schema: string;
  name: string;
  sequences: string[];
  indexes: string[];
  /** Roles that default privileges may give something on a new table. */
  grantees: string[];
}

/** The SQL that makes the table as it is, cut out of a dump of the database; without its rows. */
export function tableSql(dump: string, parts: TableParts, tool: string): string {
  const entries = splitDump(dump).entries.filter((entry) => belongs(entry, parts));
  const [grants, rest] = [entries.filter(isGrant), entries.filter((entry) => !isGrant(entry))];
  const schema = quoteName(parts.schema);
  const revokes = [
    `TABLE ${schema}.${quoteName(parts.name)}`,
    ...parts.sequences.map((name) => `SEQUENCE ${schema}.${quoteName(name)}`),
  ].map((what) => `REVOKE ALL ON ${what} FROM ${['PUBLIC', ...parts.grantees.map(quoteName)].join(', ')};`);
  return [
    `-- The table in which ${tool} kept its history, as it was when it was taken over. It is part of the schema; later migrations may drop it.`,
    ...(parts.schema === 'public' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${schema};`]),
    ...rest.map(bodyOf),
    ...revokes,
    ...grants.map(bodyOf),
    '',
  ].join('\n\n');
}

/** Without the settings of the session, which stand between the entries of a dump. */
const bodyOf = ({ body }: DumpEntry): string =>
  body
    .replace(/^(?:\s*SET default_[a-z_]+ = [^;]*;\n)+/, '')
    .trim()
    .replaceAll(';\n\n\n', ';\n\n');

const isGrant = ({ header }: DumpEntry): boolean => titleOf(header).type === 'ACL';

function belongs({ header }: DumpEntry, { schema, name, sequences, indexes }: TableParts): boolean {
  const title = titleOf(header);
  if (title.schema !== schema) return false;
  if (title.type === 'TABLE' || title.type === 'ROW SECURITY') return title.name === name;
  if (title.type === 'SEQUENCE' || title.type === 'SEQUENCE OWNED BY') return sequences.includes(title.name);
  if (title.type === 'INDEX') return indexes.includes(title.name);
  if (title.type !== 'ACL' && title.type !== 'COMMENT') return title.name.startsWith(`${name} `);
  const things = [`TABLE ${name}`, ...sequences.map((sequence) => `SEQUENCE ${sequence}`), ...indexes.map((index) => `INDEX ${index}`)];
  return (
    things.includes(title.name) ||
    title.name.startsWith(`COLUMN ${name}.`) ||
    (/^(CONSTRAINT|POLICY|TRIGGER) /.test(title.name) && title.name.endsWith(` ON ${name}`))
  );
}
