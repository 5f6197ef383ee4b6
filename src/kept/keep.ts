import type pg from 'pg';
import { refused } from '../errors.ts';
import { quoteText } from '../sql-names.ts';
import { type Effects, tableName } from './effects.ts';
import { after, before, keptColumn, keyName, sameValue, storedValue, type KeptColumn, type KeptItem } from './item.ts';
import { readShapes, type ColumnShape, type SequenceShape, type TableShape } from './shape.ts';

const place = (relation: string) => `supabase_migrations."${relation}"`;

/** A copy begun before a run, to be finished after it. */
interface OpenItem extends KeptItem {
  /** The copy holds all columns of the table. */
  whole: boolean;
  /** Compare with the table after the run, and keep only what differs. */
  compare: boolean;
}

export interface Keeping {
  shapes: Map<string, TableShape>;
  items: OpenItem[];
  counters: Map<string, string>;
}

/** How values are printed where they are kept as text; the same when they are kept and when they are put back. */
export const exactText = "set local extra_float_digits = 1; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local timezone = 'UTC'; set local bytea_output = 'hex'; set local xmlbinary = 'base64'; set local row_security = off";

/** Back to the session's own, for the user's statements. */
export const ownText = 'reset extra_float_digits; reset datestyle; reset intervalstyle; reset timezone; reset bytea_output; reset xmlbinary; reset row_security; reset search_path';

/** Locks what the run will write, in one order for all, so that nothing changes between the copy and the run. */
export async function lockForKeeping(client: pg.Client, effects: Effects): Promise<void> {
  const shapes = new Set([...(await readShapes(client)).values()].map(tableName));
  const wanted = [...new Set([...effects.dropped, ...Object.keys(effects.doomed), ...effects.written, ...effects.exclusive])].filter((name) => shapes.has(name)).sort();
  const strongest = new Set([...effects.dropped, ...Object.keys(effects.doomed), ...effects.exclusive]);
  const locks = wanted.map((name) => `lock table only ${name} in ${strongest.has(name) ? 'access exclusive' : 'share row exclusive'} mode`);
  if (locks.length > 0) await client.query(locks.join(';\n'));
}

/** Throws a Problem when the tables to be copied hold more than the limit. */
export async function refuseTooMuch(client: pg.Client, effects: Effects, limitBytes: number, state: string): Promise<void> {
  const names = [...new Set([...effects.dropped, ...Object.keys(effects.doomed), ...effects.written])];
  const { rows } = await client.query<{ name: string; bytes: string }>('select name, coalesce(pg_table_size(to_regclass(name)), 0) as bytes from unnest($1::text[]) as name order by 2 desc', [names]);
  const bytes = rows.reduce((sum, row) => sum + Number(row.bytes), 0);
  if (bytes <= limitBytes) return;
  const megabytes = (count: number) => `${(count / 1e6).toFixed(0)} MB`;
  throw refused(`Keeping what this would destroy or change means copying up to ${megabytes(bytes)}; the limit is ${megabytes(limitBytes)}.`, {
    detail: rows.slice(0, 5).map((row) => `${row.name}: ${megabytes(Number(row.bytes))}`),
    state,
    next: 'Copy it all the same with --keep-data always, or let those rows go for good with --keep-data never.',
  });
}

/**
 * Copies what the run would destroy, before it runs and under its locks: rows of tables that go, values of columns that go,
 * and the rows of tables that it writes. `undoing` names the copies of the run that this one undoes: their tables are written too.
 */
export async function keepBefore(client: pg.Client, effects: Effects, undoing: KeptItem[]): Promise<Keeping> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const written = new Set(effects.written);
  for (const item of undoing) if (item.fate === 'stays') for (const table of shapes.values()) if (table.key === item.table.key) written.add(tableName(table));
  const items: OpenItem[] = [];
  for (const table of shapes.values()) {
    const name = tableName(table);
    const dropped = effects.dropped.includes(name);
    if (table.root && shapes.has(table.root) && !dropped) continue;
    if (dropped && table.partitioned) continue;
    const doomed = new Map((effects.doomed[name] ?? []).map(({ column, dropped: goes }) => [column, goes]));
    const whole = dropped || written.has(name);
    if (!whole && doomed.size === 0) continue;
    items.push(await copy(client, table, { dropped, whole, doomed }));
  }
  await client.query(ownText);
  return { shapes, items, counters: await readCounters(client) };
}

async function copy(client: pg.Client, table: TableShape, how: { dropped: boolean; whole: boolean; doomed: Map<string, boolean> }): Promise<OpenItem> {
  const { rows } = await client.query<{ id: string }>("select nextval('supabase_migrations.supasnap_kept_number') as id");
  const relation = `supasnap_kept_${rows[0]!.id}`;
  const rowKey = keyOf(table, (column) => how.dropped || !how.doomed.has(column.name));
  const columns = table.columns
    .filter((column) => (how.whole || how.doomed.has(column.name)) && !column.generated)
    .map((column) => keptColumn(column, how.doomed.has(column.name), !how.dropped && how.doomed.get(column.name) !== true));
  const sequences = await readSequences(client, table.sequences);
  const compare = !how.dropped && (how.whole || columns.some(({ compared }) => compared));
  const item: OpenItem = {
    relation,
    table: { key: table.key, schema: table.schema, name: table.name, partitioned: table.partitioned },
    rowKey,
    columns,
    fate: how.dropped ? 'dropped' : 'stays',
    sequences,
    compare,
    whole: how.whole,
  };
  const mark = how.dropped ? 'd' : 'c';
  const keys = rowKey.map((column) => `${storedValue(column, `t."${column.name.replaceAll('"', '""')}"`)} as ${keyName(column)}`);
  const values = columns.map((column) => `${storedValue(column, `t."${column.name.replaceAll('"', '""')}"`)} as ${before(column)}`);
  await client.query(`create table ${place(relation)} as select ${[`'${mark}'::text as mark`, ...keys, ...values].join(', ')} from ${table.partitioned ? '' : 'only '}${tableName(table)} t`);
  return item;
}

/** The first key whose columns all stay as they are. */
function keyOf(table: TableShape, stays: (column: ColumnShape) => boolean): KeptColumn[] {
  const keys = table.rowKeys.map((numbers) => numbers.map((number) => table.columns.find((column) => column.number === number)!));
  return (keys.find((columns) => columns.every(stays)) ?? []).map((column) => keptColumn(column, false, false));
}

async function readSequences(client: pg.Client, sequences: SequenceShape[]): Promise<KeptItem['sequences']> {
  const read: KeptItem['sequences'] = [];
  for (const sequence of sequences) {
    const { rows } = await client.query<{ last: string; called: boolean }>(`select last_value::text as last, is_called as called from ${tableName(sequence)}`);
    read.push({ ...sequence, ...rows[0]! });
  }
  return read;
}

/**
 * Finishes the copies after the run: what did not change is let go, what changed gets its value after the run, and the keys
 * of rows that the run inserted are noted. Gives the items, empty ones left out.
 */
export async function keepAfter(client: pg.Client, keeping: Keeping, undoing: KeptItem[]): Promise<KeptItem[]> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const now = await readShapes(client);
  const kept: KeptItem[] = [];
  for (const { compare, whole: _, ...item } of keeping.items) {
    const touched = undoing.filter(({ table }) => table.key === item.table.key);
    const table = now.get(item.table.key);
    const finished = compare && table ? await finish(client, item, table, touched) : item;
    if (item.fate === 'dropped') for (const made of touched) await noteGone(client, item, made);
    await close(client, finished.relation);
    if (await hasRows(client, finished.relation)) kept.push(finished);
    else await client.query(`drop table ${place(finished.relation)}`);
  }
  for (const table of now.values()) {
    if (keeping.shapes.has(table.key) || (table.root && now.has(table.root))) continue;
    const made = await noteCreated(client, table);
    if (made) kept.push(made);
  }
  await client.query(ownText);
  return kept;
}

/** Joins the copy with the table as it is now. */
async function finish(client: pg.Client, item: KeptItem, table: TableShape, touched: KeptItem[]): Promise<KeptItem> {
  const current = (column: KeptColumn) => table.columns.find(({ number }) => number === column.number);
  const columns = item.columns.map((column) => ({ ...column, compared: column.compared && current(column) !== undefined && !current(column)!.generated }));
  const keySurvives = item.rowKey.length > 0 && item.rowKey.every((column) => current(column)?.type === column.type);
  const from = place(item.relation);
  const to = `${item.relation}_`;
  const name = (column: KeptColumn) => `t."${current(column)!.name.replaceAll('"', '""')}"`;
  const compared = columns.filter((column) => column.compared);
  const storedNow = (column: KeptColumn) => storedValue(current(column)!, name(column));
  const rowsNow = `${table.partitioned ? '' : 'only '}${tableName(table)} t`;
  if (!keySurvives) return finishWithoutKey(client, { ...item, columns, rowKey: [] }, table);

  const on = item.rowKey.map((column) => `k.${keyName(column)} = ${storedValue(column, name(column))}`).join(' and ');
  const first = item.rowKey[0]!;
  const differs = compared.map((column) => `not (${sameValue(`k.${before(column)}`, storedNow(column))})`);
  const keepAll = columns.some(({ doomed }) => doomed);
  const touchedKeys = touched
    .filter(({ rowKey }) => rowKey.length === item.rowKey.length && rowKey.length > 0)
    .map((other) => `exists (select from ${place(other.relation)} o where ${item.rowKey.map((column) => `o.k${column.number}::text = coalesce(k.${keyName(column)}::text, ${name(column)}::text)`).join(' and ')})`);
  const where = keepAll ? '' : ` where k.${keyName(first)} is null or ${name(first)} is null or ${[...differs, ...touchedKeys, 'false'].join(' or ')}`;
  await client.query(`create table ${place(to)} as select
    case when ${name(first)} is null then 'd' when k.${keyName(first)} is null then 'i' else 'c' end as mark,
    ${[
      ...item.rowKey.map((column) => `coalesce(k.${keyName(column)}, ${storedValue(column, name(column))}) as ${keyName(column)}`),
      ...columns.map((column) => `k.${before(column)}`),
      ...compared.map((column) => `${storedNow(column)} as ${after(column)}`),
    ].join(', ')}
    from ${from} k full join ${rowsNow} on ${on}${where}`);
  const renamed: KeptItem = { ...item, columns };
  for (const other of touched) await noteGone(client, { ...renamed, relation: to }, other);
  await client.query(`drop table ${from}; alter table ${place(to)} rename to "${item.relation}"`);
  return renamed;
}

/** Without a key, rows are told apart by all their values: what went and what came, each as often as it did. */
async function finishWithoutKey(client: pg.Client, item: KeptItem, table: TableShape): Promise<KeptItem> {
  const compared = item.columns.filter((column) => column.compared);
  if (item.columns.some(({ doomed }) => doomed) || compared.length === 0) return item;
  const current = (column: KeptColumn) => table.columns.find(({ number }) => number === column.number)!;
  const now = compared.map((column) => `(${storedValue(current(column), `t."${current(column).name.replaceAll('"', '""')}"`)})::text`).join(', ');
  const then = compared.map((column) => `${before(column)}::text`).join(', ');
  const to = `${item.relation}_`;
  const rowsNow = `select ${now} from ${table.partitioned ? '' : 'only '}${tableName(table)} t`;
  const names = (prefix: string) => compared.map((column) => `${prefix}${column.number}`).join(', ');
  const empty = (column: KeptColumn) => `null::text as ${after(column)}`;
  await client.query(`create table ${place(to)} as
    select 'd' as mark, gone.*, ${compared.map(empty).join(', ')} from (select ${then} from ${place(item.relation)} except all ${rowsNow}) as gone (${names('c')})
    union all
    select 'i', ${compared.map(() => 'null').join(', ')}, come.* from (${rowsNow} except all select ${then} from ${place(item.relation)}) as come`);
  await client.query(`drop table ${place(item.relation)}; alter table ${place(to)} rename to "${item.relation}"`);
  return { ...item, columns: item.columns.map((column) => ({ ...column, builtIn: false })) };
}

/** Rows that the undone run had inserted and that users deleted since: noted, so that going forward again leaves them deleted. */
async function noteGone(client: pg.Client, item: KeptItem, undone: KeptItem): Promise<void> {
  if (item.rowKey.length === 0 || undone.rowKey.length !== item.rowKey.length || undone.rowKey.some((column, index) => column.number !== item.rowKey[index]!.number)) return;
  const keys = item.rowKey.map(keyName);
  await client.query(`insert into ${place(item.relation)} (mark, ${keys.join(', ')})
    select 'g', ${keys.map((key) => `o.${key}`).join(', ')} from ${place(undone.relation)} o
    where o.mark = 'i' and not exists (select from ${place(item.relation)} k where ${keys.map((key) => `k.${key} = o.${key}`).join(' and ')})`);
}

/** The keys of the rows that a run put into a table of its own making. */
async function noteCreated(client: pg.Client, table: TableShape): Promise<KeptItem | undefined> {
  const rowKey = keyOf(table, () => true);
  if (rowKey.length === 0) return undefined;
  const rowsNow = `${table.partitioned ? '' : 'only '}${tableName(table)} t`;
  const { rows: any } = await client.query(`select from ${rowsNow} limit 1`);
  if (any.length === 0) return undefined;
  const { rows } = await client.query<{ id: string }>("select nextval('supabase_migrations.supasnap_kept_number') as id");
  const relation = `supasnap_kept_${rows[0]!.id}`;
  const keys = rowKey.map((column) => `${storedValue(column, `t."${column.name.replaceAll('"', '""')}"`)} as ${keyName(column)}`);
  await client.query(`create table ${place(relation)} as select ${[`'i'::text as mark`, ...keys].join(', ')} from ${rowsNow}`);
  await close(client, relation);
  return { relation, table: { key: table.key, schema: table.schema, name: table.name, partitioned: table.partitioned }, rowKey, columns: [], fate: 'created', sequences: [] };
}

async function close(client: pg.Client, relation: string): Promise<void> {
  await client.query(`select supabase_migrations.supasnap_close(${quoteText(relation)})`);
}

async function hasRows(client: pg.Client, relation: string): Promise<boolean> {
  return ((await client.query(`select from ${place(relation)} limit 1`)).rowCount ?? 0) > 0;
}

/** What the server counted of rows written so far in this session's transaction, by table. */
export async function readCounters(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ key: string; counts: string }>(
    `select 'c' || c.oid as key, concat_ws('/', pg_stat_get_xact_tuples_inserted(c.oid), pg_stat_get_xact_tuples_updated(c.oid), pg_stat_get_xact_tuples_deleted(c.oid)) as counts
     from pg_class c where c.relkind = 'r' and c.relnamespace <> all (array['pg_catalog', 'information_schema', 'supabase_migrations']::regnamespace[])
       and pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid) > 0`,
  );
  return new Map(rows.map(({ key, counts }) => [key, counts]));
}

/** Tables that the run wrote although nothing was kept of them, and tables whose rows' file changed without reason: by name. */
export async function unexplained(client: pg.Client, keeping: Keeping, effects: Effects): Promise<string[]> {
  const kept = new Set(keeping.items.filter(({ columns, compare, fate }) => fate === 'dropped' || (compare && columns.length > 0)).map(({ table }) => table.key));
  const now = await readShapes(client);
  const counters = await readCounters(client);
  const names: string[] = [];
  for (const [key, table] of keeping.shapes) {
    const root = table.root ?? key;
    if (kept.has(root) || kept.has(key)) continue;
    const wrote = counters.get(key) !== keeping.counters.get(key);
    const reached = now.get(key);
    const replaced = reached !== undefined && reached.fileNode !== table.fileNode && !effects.exclusive.includes(tableName(table));
    if (wrote || replaced) names.push(tableName(keeping.shapes.get(root) ?? table));
  }
  return [...new Set(names)];
}
