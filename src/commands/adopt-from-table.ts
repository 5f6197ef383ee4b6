import type pg from 'pg';
import { columnsOf, fileOf, type HistoryColumn, type HistoryColumns, type HistoryRow } from '../adopt/history-columns.ts';
import type { EarlierFolder, EarlierMigration } from '../adopt/earlier.ts';
import type { TableParts } from '../adopt/table-file.ts';
import { failed, refused } from '../errors.ts';
import { platformSchemas } from '../snapshot/state.ts';
import { quoteName, quoteText } from '../sql-names.ts';

/** The table in which another tool keeps its history. */
export interface EarlierTable extends TableParts {
  /** To show: `public._migrations`. */
  label: string;
  /** Ready for SQL. */
  sqlName: string;
  columns: TypedColumn[];
  rows: HistoryRow[];
  /** Undefined where it has no rows to tell them by. */
  roles: HistoryColumns | undefined;
}

interface TypedColumn extends HistoryColumn {
  /** As PostgreSQL names it. */
  type: string;
}

const state = 'Nothing was changed.';

/** Finds the table by its name, or, for dbmate, by what it consists of. Throws a Problem where there is none, or more than one. */
export async function findTable(
  client: pg.Client,
  { layout, migrations }: EarlierFolder,
  named: string | undefined,
  folder: string,
): Promise<EarlierTable> {
  const names =
    layout === 'dbmate'
      ? [named ?? 'schema_migrations']
      : layout === 'rollbacks'
        ? ['archon_migrations', '_migrations']
        : ['_migrations', 'archon_migrations'];
  const candidates = await readTables(client, names, layout === 'dbmate', migrations);
  const best = names.map((name) => candidates.filter((table) => matches(table, name))).find((list) => list.length > 0) ?? candidates;
  const [first, ...others] = best.sort(
    (a, b) => countNamed(b, migrations) - countNamed(a, migrations) || Number(b.schema === 'public') - Number(a.schema === 'public'),
  );
  if (!first) throw noTable(names, folder);
  const rivals = others.filter(
    (table) => table.schema !== 'public' && first.schema !== 'public' && countNamed(table, migrations) === countNamed(first, migrations),
  );
  if (rivals.length > 0) {
    throw refused('bad_history', `${[first, ...rivals].map(({ label }) => label).join(' and ')} both look like the history of ${folder}.`, {
      state,
      next: 'Drop or rename the one that is no longer in use, then run the command again.',
    });
  }
  if (first.rows.length > 0 && !first.roles) {
    throw refused('bad_history', `No column of ${first.label} names the files in ${folder}.`, {
      detail: [
        `Its columns: ${first.columns.map(({ name }) => name).join(', ')}`,
        ...first.rows.slice(0, 3).map((row) => JSON.stringify(row)),
      ],
      state,
      next: 'Give the folder whose files this table records with --from.',
    });
  }
  return first;
}

/** How many rows name a file of the folder. */
const countNamed = ({ rows, roles }: EarlierTable, migrations: EarlierMigration[]): number =>
  roles ? rows.filter((row) => fileOf(row[roles.key], migrations)).length : 0;

/** `name` may carry its schema. */
const matches = ({ schema, name }: EarlierTable, wanted: string): boolean => wanted === name || wanted === `${schema}.${name}`;

const noTable = (names: string[], folder: string) =>
  refused('bad_history', `There is no history of ${folder} in this database: no table ${names.join(' or ')}.`, {
    state,
    next: 'Check the Target line above. A database that this tool never migrated needs no history: put the files there with the command run on one that has it, then: npx supasnap migrate',
  });

async function readTables(client: pg.Client, names: string[], byShape: boolean, migrations: EarlierMigration[]): Promise<EarlierTable[]> {
  const bare = names.map((name) => name.split('.').at(-1)!);
  const { rows } = await client.query<{
    schema: string;
    name: string;
    columns: { name: string; type: string }[];
    sequences: string[];
    indexes: string[];
    grantees: string[];
  }>(
    `select n.nspname as schema, c.relname as name,
            (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
             from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            array(select s.relname::text from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
                  where d.classid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype in ('a', 'i') order by 1) as sequences,
            array(select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid order by 1) as indexes,
            array(select rolname::text from pg_roles r where rolname in ('anon', 'authenticated', 'service_role') or exists (
                  select from pg_default_acl d, aclexplode(d.defaclacl) g where d.defaclobjtype in ('r', 'S') and d.defaclrole = c.relowner and g.grantee = r.oid and r.oid <> c.relowner) order by 1) as grantees
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname <> all($2) and n.nspname !~ '^pg_'
       and (c.relname = any($1) or ($3 and (select count(*) = 1 and bool_and(a.attname = 'version' and format_type(a.atttypid, null) in ('character varying', 'text'))
                                            from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)))
     order by 1, 2`,
    [bare, [...platformSchemas, 'supabase_migrations', 'information_schema'], byShape],
  );
  const tables: EarlierTable[] = [];
  for (const { columns: described, ...parts } of rows) {
    const columns = described.map(({ name, type }) => ({ name, kind: kindOf(type), type }));
    const table = {
      ...parts,
      label: `${parts.schema}.${parts.name}`,
      sqlName: `${quoteName(parts.schema)}.${quoteName(parts.name)}`,
      columns,
    };
    const content = await readRows(client, table);
    tables.push({ ...table, rows: content, roles: columnsOf(columns, content, migrations) });
  }
  return tables;
}

/** All rows as texts, in the order in which they came. A row that a policy hides would be missing in what is told: then it fails. */
export async function readRows(
  client: pg.Client,
  { sqlName, label, columns }: Pick<EarlierTable, 'sqlName' | 'label' | 'columns'>,
): Promise<HistoryRow[]> {
  const fields = columns.map((column) => `${asText(column)} as ${quoteName(column.name)}`);
  try {
    await client.query('set row_security = off');
    const { rows } = await client.query<HistoryRow>(`select ${fields.join(', ')} from ${sqlName} order by ctid`);
    return rows;
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    if (code !== '42501') throw error;
    throw failed('missing_rights', `${label} can't be read: ${message}.`, {
      state,
      next: `Connect as the owner of ${label}, or grant select on it to this role.`,
      cause: error,
    });
  } finally {
    await client.query('reset row_security').catch(() => {});
  }
}

const kindOf = (type: string): HistoryColumn['kind'] => {
  if (/^(text|character|uuid|name|citext)/.test(type)) return 'text';
  if (/^(smallint|integer|bigint|numeric)/.test(type)) return 'number';
  if (type.startsWith('timestamp')) return 'time';
  return type === 'boolean' ? 'flag' : 'other';
};

/** A time without a zone is taken for UTC: nothing says another. */
function asText({ name, type }: TypedColumn): string {
  const column = quoteName(name);
  const iso = quoteText('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
  if (type === 'timestamp with time zone') return `to_char(${column} at time zone 'UTC', ${iso})`;
  if (type === 'timestamp without time zone') return `to_char(${column}, ${iso})`;
  return type === 'bytea' ? `encode(${column}, 'hex')` : `${column}::text`;
}
