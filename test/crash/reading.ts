import type pg from 'pg';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';

/** All that a crash could leave halfway, one line per fact, in order: schema, rows, sequences, history, runs, kept tables. */
export type Reading = string[];

export const readDatabase = (settings: ConnectionSettings): Promise<Reading> =>
  withClient(
    settings,
    async (client) => {
      await client.query('begin isolation level repeatable read read only');
      const lines = [
        await readSchema(client),
        await readRows(client),
        await readSequences(client),
        await readHistory(client),
        await readKept(client),
      ];
      return lines.flat().sort();
    },
    { applicationName: 'crash test' },
  );

/** Without our own record of what was done: what an undone change must lead back to. */
export const ofUsers = (reading: Reading): Reading => reading.filter((line) => !/^(run|kept) /.test(line));

/** Without the exact number of each sequence. */
export const withoutNumbers = (reading: Reading): Reading => reading.filter((line) => !/^sequence \S+ at /.test(line));

const lines = async (client: pg.Client, sql: string): Promise<string[]> =>
  (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line);

const readSchema = async (client: pg.Client): Promise<string[]> => [
  ...(await lines(
    client,
    `select format('column %s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' else 'null' end, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
  )),
  ...(await lines(
    client,
    `select format('relation %s %s %s %s', relkind, relname, relrowsecurity, relacl) as line from pg_class where relnamespace = 'public'::regnamespace`,
  )),
  ...(await lines(
    client,
    `select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line from pg_constraint where connamespace = 'public'::regnamespace`,
  )),
  ...(await lines(
    client,
    `select format('index %s', pg_get_indexdef(indexrelid)) as line from pg_index i join pg_class c on c.oid = i.indexrelid where c.relnamespace = 'public'::regnamespace`,
  )),
  ...(await lines(
    client,
    `select format('trigger %s %s', tgenabled, pg_get_triggerdef(t.oid)) as line from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'public'::regnamespace and not tgisinternal`,
  )),
  ...(await lines(
    client,
    `select format('foreign key trigger %s %s %s', c.relname, t.tgfoid::regproc, tgenabled) as line from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'public'::regnamespace and tgisinternal`,
  )),
  ...(await lines(
    client,
    `select format('function %s %s', oid::regprocedure, md5(prosrc)) as line from pg_proc where pronamespace = 'public'::regnamespace`,
  )),
];

async function readRows(client: pg.Client): Promise<string[]> {
  const all: string[] = [];
  for (const table of await lines(
    client,
    `select relname as line from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )) {
    const { rows } = await client.query<{ row: Record<string, unknown> }>(`select to_jsonb(t) as row from public."${table}" t`);
    all.push(...rows.map(({ row }) => `row ${table} ${JSON.stringify(Object.fromEntries(Object.entries(row).sort()))}`));
  }
  return all;
}

/** After a crash of the whole server a sequence may be ahead of what was given, by up to 32; never behind. */
async function readSequences(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; table: string; column: string }>(`
    select s.relname as name, c.relname as table, a.attname as column from pg_class s join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      join pg_class c on c.oid = d.refobjid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
    where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace`);
  const all: string[] = [];
  for (const { name, table, column } of rows) {
    all.push(...(await lines(client, `select format('sequence ${name} at %s %s', last_value, is_called) as line from public."${name}"`)));
    all.push(
      ...(await lines(
        client,
        `select format('sequence ${name} behind its rows: %s', last_value < (select max("${column}") from public."${table}" where "${column}" < 9000)) as line from public."${name}"`,
      )),
    );
  }
  return all;
}

/** A run counts as committed whether or not the snapshot after it was taken; but both of that, or none. */
const readHistory = async (client: pg.Client): Promise<string[]> => [
  ...(await lines(
    client,
    `select format('history %s %s %s %s', version, name, md5(statements::text), cardinality(rollback)) as line from supabase_migrations.schema_migrations`,
  )),
  ...(await lines(
    client,
    `select format('run %s %s %s of %s, undoes %s, restores %s', lpad((row_number() over (order by id))::text, 3, '0'), kind, case when status in ('applied', 'done') then 'committed' else status end,
      regexp_replace(version, '^rollback_\\d+', 'rollback_<time>'), undone, restored) as line from supabase_migrations.supasnap_runs`,
  )),
  ...(await lines(
    client,
    `select format('run %s is %s and names snapshots %s and %s', id, status, snapshot_before, coalesce(snapshot_after, 'none')) as line from supabase_migrations.supasnap_runs r
    where (status = 'done') <> (snapshot_after is not null)
      or exists (select from unnest(array[snapshot_before, snapshot_after]) as id where id is not null and id not in (select case when copy = 1 then name else name || '.' || copy end from supabase_migrations.supasnap_snapshots))`,
  )),
];

async function readKept(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ relation: string; told: string; rows: string }>(`
    with numbers as (select id, row_number() over (order by id) as run from supabase_migrations.supasnap_runs)
    select k.relation, k.rows, format('of run %s: %s %s, %s rows, returned by %s', b.run, k.item ->> 'fate', k.item -> 'table' ->> 'name', k.rows, coalesce(r.run::text, 'none')) as told
    from supabase_migrations.supasnap_kept k join numbers b on b.id = k.run_id left join numbers r on r.id = k.returned_by`);
  const all: string[] = [];
  const there = await lines(
    client,
    `select relname as line from pg_class where relnamespace = 'supabase_migrations'::regnamespace and relkind = 'r' and relname ~ '^supasnap_kept_'`,
  );
  for (const { relation, told, rows: count } of rows) {
    const now = there.includes(relation)
      ? (await lines(client, `select count(*)::text as line from supabase_migrations."${relation}"`))[0]
      : 'none';
    all.push(`kept ${told}${now === count ? '' : `, but the copy holds ${now}`}`);
  }
  const listed = new Set(rows.map(({ relation }) => relation));
  return [...all, ...there.filter((name) => !listed.has(name)).map((name) => `kept ${name} is in no list`)];
}
