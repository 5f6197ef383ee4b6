import type pg from 'pg';
import { quoteText } from '../sql-names.ts';
import {
  asReplaced,
  copyQuery,
  follow,
  followed,
  keyOf,
  partedRoots,
  planCopies,
  toldByValues,
  type OpenItem,
  type PlannedCopy,
} from './copies-plan.ts';
import type { Effects } from './effects.ts';
import { exactText, ownText } from './exact-text.ts';
import {
  before,
  copyColumns,
  copyNames,
  findTable,
  keyName,
  live,
  onlyFills,
  place,
  presentKey,
  reach,
  sameRow,
  sameValue,
  storedValue,
  tableName,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import { followKeys, referring } from './keys.ts';
import { readShapes, type SequenceShape, type TableShape } from './shape.ts';
import { goneStatement } from './gone.ts';
import { liveDigest } from './without-key.ts';

/** What a sequence has reached, by key. */
type Numbers = Map<string, { schema: string; name: string; last: string | null; ascending: boolean }>;

export interface Keeping {
  numbers: Numbers;
  shapes: Map<string, TableShape>;
  items: OpenItem[];
  counters: Map<string, string>;
}

/**
 * Copies what the run would destroy, before it runs and under its locks: rows of tables that go, values of columns that go,
 * and the rows of tables that it writes. `undoing` names the copies of the runs that this one undoes: their tables are written too.
 */
export async function keepBefore(client: pg.Client, effects: Effects, undoing: KeptItem[]): Promise<Keeping> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const parted = partedRoots(shapes, effects);
  const written = new Set(effects.written);
  for (const item of undoing) {
    const table = (item.fate === 'stays' && !onlyFills(item)) || item.fate === 'dropped' ? findTable(shapes, item) : undefined;
    if (table) written.add(tableName((!parted.has(table.root ?? '') && shapes.get(table.root ?? '')) || table));
  }
  const rekeyed = undoing.flatMap((item) => (item.rekeyed ? [tableName(findTable(shapes, item) ?? item.table)] : []));
  for (const name of rekeyed.length > 0 ? await referring(client, rekeyed) : []) written.add(name);
  const items: OpenItem[] = [];
  for (const { table, item } of planCopies(shapes, { ...effects, written: [...written] })) items.push(await copy(client, table, item));
  for (const name of effects.sequences) items.push(await copySequence(client, name));
  await client.query(ownText);
  return { shapes, items, counters: await readCounters(client), numbers: await readAllNumbers(client) };
}

const newRelation = async (client: pg.Client): Promise<string> =>
  `supasnap_kept_${(await client.query<{ id: string }>("select nextval('supabase_migrations.supasnap_kept_number') as id")).rows[0]!.id}`;

async function copy(client: pg.Client, table: TableShape, planned: PlannedCopy): Promise<OpenItem> {
  const item: OpenItem = { ...planned, relation: await newRelation(client), sequences: await readNumbers(client, table.sequences) };
  await client.query(`create table ${place(item.relation)} as ${copyQuery(item, table)}`);
  return item;
}

async function readNumbers(client: pg.Client, sequences: SequenceShape[]): Promise<KeptItem['sequences']> {
  const read: KeptItem['sequences'] = [];
  for (const sequence of sequences) {
    const { rows } = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${tableName(sequence)}`,
    );
    read.push({ ...sequence, ...rows[0]! });
  }
  return read;
}

async function readAllNumbers(client: pg.Client): Promise<Numbers> {
  const { rows } = await client.query<{ key: string; schema: string; name: string; last: string | null; ascending: boolean }>(
    `select 'c' || to_regclass(format('%I.%I', schemaname, sequencename))::oid as key, schemaname as schema, sequencename as name, last_value::text as last, increment_by > 0 as ascending
     from pg_sequences where schemaname not in ('pg_catalog', 'information_schema', 'supabase_migrations') and schemaname not like 'pg\\_%'`,
  );
  return new Map(rows.map(({ key, ...number }) => [key, number]));
}

/** Sequences that the run set back: how far they were. */
async function keepSetBack(client: pg.Client, then: Numbers): Promise<KeptItem[]> {
  const now = await readAllNumbers(client);
  const items: KeptItem[] = [];
  for (const [key, { schema, name, last, ascending }] of then) {
    const reached = now.get(key);
    if (
      last === null ||
      !reached ||
      (reached.last !== null && (ascending ? BigInt(reached.last) >= BigInt(last) : BigInt(reached.last) <= BigInt(last)))
    )
      continue;
    const relation = await newRelation(client);
    await client.query(`create table ${place(relation)} as select 'd'::text as mark, ${last}::bigint as last_value, true as is_called`);
    await close(client, relation);
    items.push(sequenceItem(relation, reached, { schema, name, column: 0, last, called: true }));
  }
  return items;
}

/** The number that a sequence has reached. It can't be locked by LOCK; a change that changes nothing holds nextval back. */
async function copySequence(client: pg.Client, address: string): Promise<OpenItem> {
  const relation = await newRelation(client);
  const { rows } = await client.query<{ schema: string; name: string; start: string }>(
    'select n.nspname as schema, c.relname as name, s.seqstart as start from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where s.seqrelid = to_regclass($1)',
    [address],
  );
  const { schema, name, start } = rows[0]!;
  await client.query(`alter sequence ${address} start with ${start}`);
  await client.query(`create table ${place(relation)} as select 'd'::text as mark, last_value, is_called from ${address}`);
  const [sequence] = await readNumbers(client, [{ schema, name, column: 0 }]);
  return { ...sequenceItem(relation, { schema, name }, sequence!), compare: false, whole: false, newKeys: false };
}

const sequenceItem = (
  relation: string,
  { schema, name }: { schema: string; name: string },
  sequence: KeptItem['sequences'][number],
): KeptItem => ({
  relation,
  table: { key: '', schema, name, partitioned: false },
  rowKey: [],
  columns: [],
  fate: 'sequence',
  sequences: [sequence],
});

/**
 * Finishes the copies after the run: what did not change is let go, what changed gets its value after the run, and the keys
 * of rows that the run inserted are noted. Gives the items, empty ones left out. `ownTable`: an earlier step of the run made the table of that key.
 */
export async function keepAfter(
  client: pg.Client,
  keeping: Keeping,
  undoing: KeptItem[],
  ownTable: (key: string) => boolean = () => false,
): Promise<KeptItem[]> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const now = await readShapes(client);
  const kept: KeptItem[] = [];
  const successors = new Set<string>();
  for (const { compare, newKeys, whole: _, ...item } of keeping.items) {
    const touched = undoing.filter((other) => findTable(keeping.shapes, other)?.key === item.table.key);
    const found = item.fate === 'sequence' ? undefined : findTable(now, item);
    const replaced = item.fate === 'dropped' && found !== undefined && (!keeping.shapes.has(found.key) || ownTable(found.key));
    const table = item.fate === 'dropped' && !replaced ? undefined : found;
    if (table && replaced) successors.add(table.key);
    const finished =
      table && (compare || replaced) ? await finish(client, replaced ? asReplaced(item, table) : item, table, touched, newKeys) : item;
    if (finished.fate === 'dropped') for (const made of touched) await noteGone(client, item, made);
    await close(client, finished.relation);
    if (await hasRows(client, place(finished.relation))) kept.push(finished);
    else await client.query(`drop table ${place(finished.relation)}`);
  }
  for (const table of now.values()) {
    if (keeping.shapes.has(table.key) || successors.has(table.key) || (table.root && now.has(table.root))) continue;
    const made = await noteCreated(
      client,
      table,
      undoing.filter((other) => findTable(now, other)?.key === table.key),
    );
    if (made) kept.push(made);
  }
  kept.push(...(await keepSetBack(client, keeping.numbers)));
  await client.query(ownText);
  return kept;
}

/** Joins the copy with the table as it is now. */
async function finish(client: pg.Client, item: KeptItem, table: TableShape, touched: KeptItem[], newKeys: boolean): Promise<KeptItem> {
  const finished = followed(item, table);
  const { columns, rowKey } = finished;
  const compared = columns.filter((column) => column.compared);
  const storedNow = (column: KeptColumn) => storedValue(follow(item, table, column)!, live(follow(item, table, column)!), column.inParts);
  const keys = rowKey.length > 0 ? presentKey(table, item) : undefined;
  if (!keys) return finishWithoutKey(client, finished, compared, storedNow, table);

  const from = place(item.relation);
  const to = `${item.relation}_`;
  const [firstKept, firstNow] = [`k.${keyName(item.rowKey[0]!)}`, live(keys[0]!)];
  const keyNow = rowKey.map(({ type }, at) => `(${storedValue(keys[at]!, live(keys[at]!))})${type === keys[at]!.type ? '' : `::${type}`}`);
  const keyThen = rowKey.map((column, at) => `k.${keyName(column)}${column.type === item.rowKey[at]!.type ? '' : `::${column.type}`}`);
  const differs = compared.map((column) => `not (${sameValue(`k.${before(column)}`, storedNow(column))})`);
  const touchedKeys = touched
    .filter(({ rowKey }) => rowKey.length === item.rowKey.length)
    .map(
      (other) =>
        `exists (select from ${place(other.relation)} o where ${rowKey.map((_, at) => `o.${keyName(other.rowKey[at]!)}::text = coalesce(${keyThen[at]}, ${keyNow[at]})::text`).join(' and ')})`,
    );
  const keepAll = columns.some(({ doomed }) => doomed);
  const where = keepAll
    ? ''
    : ` where ${firstKept} is null or ${firstNow} is null or ${[...differs, ...touchedKeys, 'false'].join(' or ')}`;
  await client.query(`create table ${place(to)} as select
    case when ${firstNow} is null then 'd' when ${firstKept} is null then 'i' else 'c' end as mark,
    ${[
      ...rowKey.map((column, at) => `coalesce(${keyThen[at]}, ${keyNow[at]}) as ${keyName(column)}`),
      ...copyNames('c', columns).map((name) => `k.${name}`),
      ...copyColumns('n', compared, storedNow),
    ].join(', ')}
    from ${from} k full join ${reach(table)} t on ${sameRow(item.rowKey, keys)}${where}`);
  finished.rekeyed = await followKeys(client, { ...finished, relation: to }, newKeys);
  for (const other of touched) await noteGone(client, { ...finished, relation: to }, other);
  await client.query(`drop table ${from}; alter table ${place(to)} rename to "${item.relation}"`);
  return finished;
}

/** Without a key, rows are told apart by all their values: what went and what came, each as often as it did. */
async function finishWithoutKey(
  client: pg.Client,
  item: KeptItem,
  compared: KeptColumn[],
  storedNow: (column: KeptColumn) => string,
  table: TableShape,
): Promise<KeptItem> {
  if (!toldByValues(item)) return item;
  const now = compared.map((column) => `(${storedNow(column)})::text`).join(', ');
  const then = compared.map((column) => `${before(column)}::text`).join(', ');
  const to = `${item.relation}_`;
  const rowsNow = `select ${now} from ${reach(table)} t`;
  const names = compared.map(({ number }) => `v${number}`).join(', ');
  const values = ({ number }: KeptColumn) => `v${number}`;
  const none = () => 'null::text';
  await client.query(`create table ${place(to)} as
    select ${[`'d' as mark`, ...copyColumns('c', compared, values), ...copyColumns('n', compared, none)].join(', ')} from (select ${then} from ${place(item.relation)} except all ${rowsNow}) as gone (${names})
    union all
    select ${[`'i'`, ...copyColumns('c', compared, none), ...copyColumns('n', compared, values)].join(', ')} from (${rowsNow} except all select ${then} from ${place(item.relation)}) as come (${names})`);
  await client.query(`drop table ${place(item.relation)}; alter table ${place(to)} rename to "${item.relation}"`);
  return item;
}

async function noteGone(client: pg.Client, item: KeptItem, undone: KeptItem): Promise<void> {
  const statement = goneStatement(item, undone, place(item.relation), place(undone.relation));
  if (statement) await client.query(statement);
}

/** Which rows a run put into a table of its own making: their keys, or what else tells them apart. */
async function noteCreated(client: pg.Client, table: TableShape, undone: KeptItem[]): Promise<KeptItem | undefined> {
  const rowKey = keyOf(table, new Map());
  if (undone.length === 0 && !(await hasRows(client, reach(table)))) return undefined;
  const relation = await newRelation(client);
  const keys =
    rowKey.length > 0
      ? rowKey.map((column) => `${storedValue(column, live(column))} as ${keyName(column)}`)
      : [`${liveDigest(table)} as digest`];
  await client.query(`create table ${place(relation)} as select ${[`'i'::text as mark`, ...keys].join(', ')} from ${reach(table)} t`);
  // What users deleted before is of the run's making too.
  for (const other of undone) {
    const names =
      other.rowKey.length === rowKey.length && other.fate === 'dropped'
        ? rowKey.length > 0
          ? rowKey.map((column, at) => [keyName(column), keyName(other.rowKey[at]!)])
          : [['digest', 'digest']]
        : [];
    if (names.length > 0)
      await client.query(
        `insert into ${place(relation)} (mark, ${names.map(([own]) => own).join(', ')}) select 'i', ${names.map(([, theirs]) => theirs).join(', ')} from ${place(other.relation)} where mark = 'g'`,
      );
  }
  if (!(await hasRows(client, place(relation)))) {
    await client.query(`drop table ${place(relation)}`);
    return undefined;
  }
  await close(client, relation);
  return {
    relation,
    table: { key: table.key, schema: table.schema, name: table.name, partitioned: table.partitioned },
    rowKey,
    columns: [],
    fate: 'created',
    sequences: [],
  };
}

async function close(client: pg.Client, relation: string): Promise<void> {
  await client.query(`select supabase_migrations.supasnap_close(${quoteText(relation)})`);
}

async function hasRows(client: pg.Client, place: string): Promise<boolean> {
  return ((await client.query(`select from ${place} limit 1`)).rowCount ?? 0) > 0;
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
  const kept = keptWhole(keeping);
  const now = await readShapes(client);
  const counters = await readCounters(client);
  const names: string[] = [];
  for (const [key, table] of keeping.shapes) {
    const root = table.root ?? key;
    if (kept.has(root) || kept.has(key)) continue;
    const wrote = counters.get(key) !== keeping.counters.get(key);
    const reached = now.get(key);
    const replaced = reached !== undefined && reached.fileNode !== table.fileNode && !effects.rewritten.includes(tableName(table));
    if (wrote || replaced) names.push(tableName(keeping.shapes.get(root) ?? table));
  }
  return [...new Set(names)];
}

const keptWhole = ({ items }: Keeping) =>
  new Set(items.filter(({ columns, whole, fate }) => fate === 'dropped' || (whole && columns.length > 0)).map(({ table }) => table.key));

/** Tables that were there before and have been written since, although they are not kept whole: by name. */
export async function writtenBeyond(client: pg.Client, keeping: Keeping, since: Map<string, string>): Promise<string[]> {
  const kept = keptWhole(keeping);
  const names = [...(await readCounters(client))].flatMap(([key, counts]) => {
    const table = keeping.shapes.get(key);
    const root = table?.root ?? key;
    return !table || counts === since.get(key) || kept.has(root) || kept.has(key) ? [] : [tableName(keeping.shapes.get(root) ?? table)];
  });
  return [...new Set(names)];
}
