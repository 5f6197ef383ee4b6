import { refused } from '../errors.ts';
import { quoteText } from '../sql-names.ts';
import { historySchema } from './schema.ts';

/** A column of the history that is not as it was made; `found` is null where it is missing. */
export interface WrongColumn {
  table: string;
  column: string;
  type: string;
  found: string | null;
}

/** `[table, column, type]`. What an upgrade adds is not among them; of the CLI's table only `version` has to be there. */
const expected: [string, string, string][] = [
  ['schema_migrations', 'version', 'text'],
  ['schema_migrations', 'name', 'text'],
  ['schema_migrations', 'statements', 'text[]'],
  ['schema_migrations', 'rollback', 'text[]'],
  ...[...historySchema.matchAll(/^create table if not exists supabase_migrations\.(supasnap_\w+) \(\n(.*?)\n\);$/gms)].flatMap(
    ([, table = '', columns = '']) =>
      [...columns.matchAll(/^ {2}(\w+) (\w+(?:\[\])?)/gm)].map(([, column = '', type = '']): [string, string, string] => [
        table,
        column,
        type,
      ]),
  ),
];

/** A query for all wrong columns as one JSON array of `WrongColumn`, null where there are none. */
export const wrongColumns = `
  select json_agg(json_build_object('table', e.relation, 'column', e.name, 'type', e.type, 'found', pg_catalog.format_type(a.atttypid, a.atttypmod)))
  from (values ${expected.map((words) => `(${words.map(quoteText).join(', ')})`).join(', ')}) as e (relation, name, type)
  left join pg_catalog.pg_attribute a on a.attrelid = to_regclass('supabase_migrations.' || e.relation) and a.attname = e.name and not a.attisdropped
  where to_regclass('supabase_migrations.' || e.relation) is not null and a.atttypid is distinct from to_regtype(e.type)
    and (e.relation <> 'schema_migrations' or case when a.attname is null then e.name = 'version' else pg_catalog.format_type(a.atttypid, null) <> replace(e.type, 'text', 'character varying') end)`;

/** Throws a Problem that names what someone changed in the tables of the history, and how to mend it. */
export function refuseAltered(wrong: WrongColumn[] | null): void {
  if (!wrong) return;
  throw refused('bad_history', "The tables of the history were changed by hand; they can't be relied on as they are.", {
    detail: wrong.map(
      ({ table, column, type, found }) =>
        `supabase_migrations.${table}: column ${column} ${found === null ? 'is missing' : `is ${found}`}; it has to be ${type}.`,
    ),
    state: 'Nothing was changed.',
    next: `Mend it, for example: ${mend(wrong[0]!)}`,
  });
}

const mend = ({ table, column, type, found }: WrongColumn): string =>
  `alter table supabase_migrations.${table} ${found === null ? `add column ${column} ${type}` : `alter column ${column} type ${type} using ${column}::text${type === 'text' ? '' : `::${type}`}`};`;
