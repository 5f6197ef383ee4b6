import type pg from 'pg';
import { failed, refused } from '../errors.ts';
import { quoteName } from '../sql-names.ts';
import type { Effects } from './effects.ts';
import { exactText, ownText } from './exact-text.ts';
import { after, before, findTable, keyName, live, place, present, presentKey, reach, returnedValue, sameRow, sameValue, storedValue, tableName, type KeptColumn, type KeptItem } from './item.ts';
import type { Keeping } from './keep.ts';
import { readShapes, type ColumnShape, type TableShape } from './shape.ts';

/** What came of one kept table, in rows. */
export interface PutBackReport {
  table: string;
  /** Put back, or given their old values. */
  returned: number;
  /** Rows of the earlier run that went again. */
  removed: number;
  /** Rows of which users changed values since: those values stay. */
  newer: number;
  /** Rows whose key someone else uses now: not overwritten. */
  uncertain: number;
  /** Rows that can't be told apart, for want of a key. */
  unmatched: number;
}

type Shapes = Map<string, TableShape>;

export const still = (item: KeptItem) => `pg_temp."still_${item.relation}"`;
export const same = (column: KeptColumn) => `s${column.number}`;

/**
 * Notes, before the schema changes, which kept rows are still as the earlier run left them: `p` says whether the row is
 * there, `s<n>` whether column n is unchanged since. Gives the tables as they are then.
 */
export async function markUnchanged(client: pg.Client, items: KeptItem[]): Promise<Shapes> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of items) await mark(client, item, findTable(shapes, item));
  await client.query(ownText);
  return shapes;
}

async function mark(client: pg.Client, item: KeptItem, table: TableShape | undefined): Promise<void> {
  const keys = table && presentKey(table, item);
  if (item.fate !== 'stays' || !keys) return;
  const compared = item.columns.flatMap((column) => {
    const now = column.compared && present(table, item, column);
    return now ? [`coalesce(${sameValue(`k.${after(column)}`, storedValue(now, live(now)))}, false) as ${same(column)}`] : [];
  });
  await client.query(`create temp table ${still(item).replace('pg_temp.', '')} on commit drop as
    select ${[...item.rowKey.map((column) => `k.${keyName(column)}`), `${live(keys[0]!)} is not null as p`, ...compared].join(', ')}
    from ${place(item.relation)} k left join ${reach(table)} t on ${sameRow(item.rowKey, keys)}`);
}

/** The columns of which it is known whether they changed since; undefined where the rows could not be told apart. */
export async function markedColumns(client: pg.Client, item: KeptItem): Promise<Set<string> | undefined> {
  const { rows } = await client.query<{ columns: string[] | null }>(
    'select (select array_agg(attname::text) from pg_attribute where attrelid = to_regclass($1) and attnum > 0) as columns',
    [still(item)],
  );
  return rows[0]!.columns ? new Set(rows[0]!.columns) : undefined;
}

/** Puts kept rows back, into the tables as they are now; user triggers stay quiet. `items` are of one run, `then` is what `markUnchanged` gave. */
export async function putBack(client: pg.Client, items: KeptItem[], then: Shapes): Promise<PutBackReport[]> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const reports: PutBackReport[] = [];
  for (const item of items) {
    if (item.fate === 'created') continue;
    if (item.fate === 'sequence') await raiseSequence(client, item.sequences[0]!, item.table);
    const table = findTable(shapes, item);
    if (!table || item.fate === 'sequence') continue;
    // A table that came back a moment ago holds what this very run put there: nobody changed it since.
    if (!then.has(table.key) && !(await markedColumns(client, item))) await mark(client, item, table);
    reports.push(await putTableBack(client, item, table, !then.has(table.key)));
  }
  await client.query(ownText);
  return reports.filter(({ returned, removed, newer, uncertain, unmatched }) => returned + removed + newer + uncertain + unmatched > 0);
}

/**
 * Rows that returned only after the COMMIT of their run, because a new label held them up: the copies of that run get them too, as it
 * left them in the end. Called in the transaction that returned them.
 */
export async function amendKept(client: pg.Client, kept: KeptItem[], undoing: KeptItem[]): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of kept) {
    const table = shapes.get(item.table.key);
    const keys = table && presentKey(table, item);
    const other = undoing.find((one) => one.table.key === item.table.key && one.rowKey.length === item.rowKey.length);
    const marked = other && (await markedColumns(client, other));
    if (item.fate !== 'stays' || !table || !keys || !marked) continue;
    const compared = item.columns.filter((column) => column.compared);
    const now = (column: KeptColumn) => storedValue(present(table, item, column)!, live(present(table, item, column)!));
    const ofOther = (alias: string) => item.rowKey.map((column, at) => `${alias}.${keyName(other.rowKey[at]!)}::text = k.${keyName(column)}::text`).join(' and ');
    const set = compared.map((column) => `${after(column)} = case when ${marked.has(same(column)) ? `s.${same(column)}` : 'true'} then ${now(column)} else k.${after(column)} end`);
    const copied = place(item.relation);
    if (set.length > 0) await client.query(`update ${copied} k set ${set.join(', ')} from ${reach(table)} t, ${still(other)} s where ${sameRow(item.rowKey, keys)} and ${ofOther('s')} and s.p`);
    await client.query(`update ${copied} k set mark = 'd' from ${place(other.relation)} o where ${ofOther('o')} and o.mark = 'i' and not exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`);
    await client.query(`insert into ${copied} (${['mark', ...item.rowKey.map(keyName), ...compared.map(after)].join(', ')})
      select ${["'i'", ...keys.map((key) => storedValue(key, live(key))), ...compared.map(now)].join(', ')} from ${reach(table)} t, ${place(other.relation)} o
      where ${sameRow(other.rowKey, keys).replaceAll('k.', 'o.')} and o.mark = 'd' and not exists (select from ${copied} k where ${sameRow(item.rowKey, keys)})`);
  }
  await client.query(ownText);
}

type Pair = { kept: KeptColumn; column: ColumnShape };

const pairsOf = (item: KeptItem, table: TableShape): Pair[] =>
  item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    return column && !column.generated ? [{ kept, column }] : [];
  });

async function putTableBack(client: pg.Client, item: KeptItem, table: TableShape, isNew: boolean): Promise<PutBackReport> {
  const report: PutBackReport = { table: `${table.schema}.${table.name}`, returned: 0, removed: 0, newer: 0, uncertain: 0, unmatched: 0 };
  const pairs = pairsOf(item, table);
  const keys = presentKey(table, item);
  const marked = await markedColumns(client, item);
  await withOpenIdentities(client, table, async () => {
    if (item.fate === 'dropped') Object.assign(report, await returnRows(client, item, table, pairs, keys, isNew));
    else if (keys && marked) Object.assign(report, await changeRows(client, item, table, pairs, keys, marked));
    else if (item.columns.every(({ doomed }) => !doomed)) Object.assign(report, await exchangeRows(client, item, table, pairs));
    else report.unmatched = (await client.query(`select from ${place(item.relation)}`)).rowCount ?? 0;
  });
  await restoreSequences(client, item, table);
  return report;
}

/** The rows of a table that was gone. Into one that came back empty they all go; else a key that is in use is left to who uses it. */
async function returnRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[] | undefined, isNew: boolean): Promise<Partial<PutBackReport>> {
  if (!keys) return { returned: await insertKept(client, item, table, pairs, "k.mark = 'd'") };
  const used = `exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`;
  const gone = await client.query(`delete from ${reach(table)} t using ${place(item.relation)} k where k.mark ${isNew ? "in ('d', 'g')" : "= 'g'"} and ${sameRow(item.rowKey, keys)}`);
  const uncertain = (await client.query(`select from ${place(item.relation)} k where k.mark = 'd' and ${used}`)).rowCount ?? 0;
  const returned = await insertKept(client, item, table, pairs, `k.mark = 'd' and not ${used}`);
  return { returned, uncertain, removed: isNew ? 0 : (gone.rowCount ?? 0) };
}

/**
 * Before a column turns from text or an enum into something narrower: what is still as the earlier run left it gets its old value,
 * so that the conversion meets only what users wrote.
 */
export async function returnBeforeConversion(client: pg.Client, items: KeptItem[], effects: Effects): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of items) {
    const table = shapes.get(item.table.key);
    const keys = table && presentKey(table, item);
    const marked = keys && item.fate === 'stays' ? await markedColumns(client, item) : undefined;
    if (!table || !keys || !marked) continue;
    const converted = new Set((effects.doomed[tableName(table)] ?? []).filter(({ dropped }) => !dropped).map(({ column }) => column));
    for (const kept of item.columns) {
      const column = present(table, item, kept);
      if (!column || !marked.has(same(kept)) || !converted.has(column.name) || !(column.label || /^(text|character varying)$/.test(column.type))) continue;
      const known = column.label ? ` and k.${before(kept)}::text = any(enum_range(null::${column.type})::text[])` : '';
      await client.query(`update ${reach(table)} t set ${quoteName(column.name)} = k.${before(kept)}::text${column.label ? `::${column.type}` : ''}
        from ${place(item.relation)} k, ${still(item)} s where ${sameRow(item.rowKey, keys)} and ${onStill(item)} and k.mark = 'c' and s.p and s.${same(kept)}${known}`);
    }
  }
  await client.query(ownText);
}

const onStill = (item: KeptItem) => item.rowKey.map((column) => `s.${keyName(column)} = k.${keyName(column)}`).join(' and ');

async function changeRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[], marked: Set<string>): Promise<Partial<PutBackReport>> {
  // A column that this very run brought back has not been changed since.
  const unchanged = ({ kept }: Pair) => (marked.has(same(kept)) ? `s.${same(kept)}` : 'true');
  const compared = pairs.filter(({ kept }) => kept.compared);
  const all = compared.length > 0 ? compared.map(unchanged).join(' and ') : 'true';
  const some = pairs.every(({ kept }) => kept.compared) ? `(${compared.map(unchanged).join(' or ') || 'false'})` : 'true';
  const old = ({ kept, column }: Pair) => returnedValue(kept, column, `k.${before(kept)}`);
  const value = (pair: Pair) => (pair.kept.compared ? `case when ${unchanged(pair)} then ${old(pair)} else ${live(pair.column)} end` : old(pair));
  const count = async (sql: string) => (await client.query(sql)).rowCount ?? 0;
  const from = `${place(item.relation)} k, ${still(item)} s`;
  const on = `${sameRow(item.rowKey, keys)} and ${onStill(item)}`;

  const tally = await client.query<{ newer: string; uncertain: string }>(`
    select count(*) filter (where s.p and k.mark <> 'd' and not (${all})) as newer, count(*) filter (where k.mark = 'd' and s.p) as uncertain
    from ${place(item.relation)} k join ${still(item)} s on ${onStill(item)}`);
  const removed = await count(`delete from ${reach(table)} t using ${from} where ${on} and (k.mark = 'i' and s.p and ${all} or k.mark = 'g' and not s.p)`);
  let returned = 0;
  let uncertain = Number(tally.rows[0]!.uncertain);
  if (pairs.length > 0) {
    const moved = item.rekeyed ? await returnKeys(client, item, table, pairs, keys, { value, unchanged }) : { returned: 0, uncertain: 0 };
    returned += moved.returned;
    uncertain += moved.uncertain;
    const keyColumns = new Set(keys.map(({ name }) => name));
    const set = (list: Pair[], what: (pair: Pair) => string) => list.map((pair) => `${quoteName(pair.column.name)} = ${what(pair)}`).join(', ');
    const others = item.rekeyed ? pairs.filter(({ column }) => !keyColumns.has(column.name)) : pairs;
    if (others.length > 0) returned += await count(`update ${reach(table)} t set ${set(others, value)} from ${from} where ${on} and k.mark = 'c' and s.p and ${some}`);
    // Rows that the earlier run deleted, or that this one made anew: the kept row wins where nobody used its key meanwhile.
    returned += await count(`update ${reach(table)} t set ${set(pairs, old)} from ${from} where ${on} and k.mark = 'd' and not s.p`);
    returned += await insertKept(client, item, table, pairs, `k.mark = 'd' and exists (select from ${still(item)} s where ${onStill(item)} and not s.p) and not exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`);
    await numberOthers(client, item, table, pairs, keys);
  }
  return { returned, removed, newer: Number(tally.rows[0]!.newer), uncertain };
}

/**
 * Rows whose key the earlier run changed get the old one again, with their other old values, and rows that point to them follow.
 * They are taken out and put in again, for keys may change places. A key that someone else uses now is left to them.
 */
async function returnKeys(
  client: pg.Client,
  item: KeptItem,
  table: TableShape,
  pairs: Pair[],
  keys: ColumnShape[],
  of: { value: (pair: Pair) => string; unchanged: (pair: Pair) => string },
): Promise<{ returned: number; uncertain: number }> {
  const keyPairs = keys.map((key) => pairs.find(({ column }) => column.name === key.name)!);
  const moved = `pg_temp."moved_${item.relation}"`;
  const values = table.columns.filter(({ generated }) => !generated).map((column) => {
    const pair = pairs.find((one) => one.column === column);
    return `${pair ? of.value(pair) : live(column)} as ${quoteName(column.name)}`;
  });
  const names = table.columns.filter(({ generated }) => !generated).map(({ name }) => quoteName(name));
  const left = keyPairs.map(({ column }, at) => `${live(column)} as left_${at}`);
  const changed = keyPairs.map(({ kept }) => `k.${before(kept)}::text is distinct from k.${after(kept)}::text`).join(' or ');
  await client.query(`create temp table ${moved.replace('pg_temp.', '')} on commit drop as select ${[...values, ...left].join(', ')} from ${reach(table)} t, ${place(item.relation)} k, ${still(item)} s
    where ${sameRow(item.rowKey, keys)} and ${onStill(item)} and k.mark = 'c' and s.p and ${keyPairs.map(of.unchanged).join(' and ')} and (${changed})`);
  const match = (a: (key: string, at: number) => string, b: (key: string, at: number) => string) => keys.map(({ name }, at) => `${a(quoteName(name), at)} = ${b(quoteName(name), at)}`).join(' and ');
  const blocked = await client.query(`delete from ${moved} m where exists (select from ${reach(table)} t where ${match((key) => `t.${key}`, (key) => `m.${key}`)}
    and not exists (select from ${moved} o where ${match((key) => `t.${key}`, (_, at) => `o.left_${at}`)}))`);
  await client.query(`delete from ${reach(table)} t using ${moved} m where ${match((key) => `t.${key}`, (_, at) => `m.left_${at}`)}`);
  const returned = await client.query(`insert into ${tableName(table)} (${names.join(', ')}) overriding system value select ${names.join(', ')} from ${moved}`);
  const { rows: referrers } = await client.query<{ child: string; columns: string[] }>(
    `select format('%I.%I', n.nspname, c.relname) as child,
       (select array_agg(a.attname::text order by u.place) from unnest($2::text[]) with ordinality as key (name, place)
          join pg_attribute p on p.attrelid = k.confrelid and p.attname = key.name
          join unnest(k.conkey, k.confkey) with ordinality as u (own, theirs, place) on u.theirs = p.attnum
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.own) as columns
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and k.confrelid = to_regclass($1) and cardinality(k.confkey) = $3`,
    [tableName(table), keys.map(({ name }) => name), keys.length],
  );
  for (const { child, columns } of referrers) {
    if (columns?.length !== keys.length) continue;
    await client.query(`update ${child} c set ${columns.map((column, at) => `${quoteName(column)} = m.${quoteName(keys[at]!.name)}`).join(', ')} from ${moved} m
      where ${columns.map((column, at) => `c.${quoteName(column)} = m.left_${at}`).join(' and ')}
        and not exists (select from ${reach(table)} t where ${columns.map((column, at) => `t.${quoteName(keys[at]!.name)} = c.${quoteName(column)}`).join(' and ')})`);
  }
  return { returned: returned.rowCount ?? 0, uncertain: blocked.rowCount ?? 0 };
}

async function insertKept(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], where: string): Promise<number> {
  const result = await client.query(`insert into ${tableName(table)} (${pairs.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
    select ${pairs.map(({ kept, column }) => returnedValue(kept, column, `k.${before(kept)}`)).join(', ')} from ${place(item.relation)} k where ${where}`);
  return result.rowCount ?? 0;
}

/** A plan that drops a table and makes it again under its name means the same table: its rows are carried over. */
export async function carryOver(client: pg.Client, keeping: Keeping, state: string): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const now = await readShapes(client);
  for (const item of keeping.items) {
    const table = item.fate === 'dropped' ? findTable(now, item) : undefined;
    if (!table || keeping.shapes.has(table.key) || (await client.query(`select from ${reach(table)} limit 1`)).rowCount) continue;
    await withOpenIdentities(client, table, () => insertKept(client, item, table, pairsOf(item, table), 'true')).catch((error: Error) => {
      throw refused(`Rows of ${table.schema}.${table.name} do not fit the table as it was: ${error.message}`, { state, next: 'Correct those rows, then run the command again.', cause: error });
    });
    await restoreSequences(client, item, table);
  }
  await client.query(ownText);
}

/** Without a key: each row that came goes once, each row that went comes back once. */
async function exchangeRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[]): Promise<Partial<PutBackReport>> {
  const own = tableName(table);
  const values = (prefix: string, list: Pair[]) => list.map(({ kept }) => `${prefix}${kept.number}`).join(', ');
  const comparedPairs = pairs.filter(({ kept }) => kept.compared);
  const now = comparedPairs.map(({ kept, column }) => `(${storedValue(column, live(column))})::text as n${kept.number}`);
  const removed = await client.query(`with live as (
      select t.tableoid as part, t.ctid as place, ${now.join(', ')} from ${reach(table)} t
    ), numbered as (
      select part, place, ${values('n', comparedPairs)}, row_number() over (partition by ${values('n', comparedPairs)} order by part, place) as turn from live
    ), gone as (
      select ${values('n', comparedPairs)}, row_number() over (partition by ${values('n', comparedPairs)}) as turn from ${place(item.relation)} where mark = 'i'
    )
    delete from ${own} t using numbered, gone
    where t.tableoid = numbered.part and t.ctid = numbered.place and numbered.turn = gone.turn and ${comparedPairs.map(({ kept }) => `numbered.n${kept.number} is not distinct from gone.n${kept.number}`).join(' and ')}`);
  return { removed: removed.rowCount ?? 0, returned: await insertKept(client, item, table, pairs, "k.mark = 'd'") };
}

/** A column that numbers itself and returned: rows that came since get the next numbers, not those of kept rows. */
async function numberOthers(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[]): Promise<void> {
  const returned = pairs.filter(({ kept, column }) => kept.doomed && !kept.compared && item.sequences.some((sequence) => sequence.column === kept.number) && column.number !== kept.number);
  if (returned.length === 0) return;
  for (const { kept, column } of returned) {
    const sequence = item.sequences.find((one) => one.column === kept.number)!;
    const owned = table.sequences.find((one) => one.column === column.number);
    if (owned) await client.query('select setval($1::regclass, $2::bigint, $3)', [tableName(owned), sequence.last, sequence.called]);
    await client.query(`update ${tableName(table)} t set ${quoteName(column.name)} = default where not exists (select from ${place(item.relation)} k where ${sameRow(item.rowKey, keys)})`);
  }
}

async function restoreSequences(client: pg.Client, item: KeptItem, table: TableShape): Promise<void> {
  for (const sequence of item.sequences) {
    const kept = item.columns.find(({ number }) => number === sequence.column);
    const column = kept && present(table, item, kept);
    const owned = column && table.sequences.find((one) => one.column === column.number);
    if (owned) await raiseSequence(client, sequence, owned);
  }
}

/** A sequence goes on from the number it had reached, or from where it is now when that is further: never back. */
async function raiseSequence(client: pg.Client, kept: KeptItem['sequences'][number], now: { schema: string; name: string }): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("select exists (select from pg_class where oid = to_regclass($1) and relkind = 'S') as there", [tableName(now)]);
  if (!rows[0]!.there) return;
  await client.query(
    `select setval($1::regclass, $2::bigint, $3) from ${tableName(now)} s, pg_sequence q
     where q.seqrelid = $1::regclass and ($2::bigint <> s.last_value or $3 and not s.is_called) and ($2::bigint >= s.last_value) = (q.seqincrement > 0 or $2::bigint = s.last_value)`,
    [tableName(now), kept.last, kept.called],
  );
}

/** An identity column that is GENERATED ALWAYS takes no values but its own; for the length of the put-back it does. */
async function withOpenIdentities<T>(client: pg.Client, table: TableShape, use: () => Promise<T>): Promise<T> {
  const always = table.columns.filter(({ identityAlways }) => identityAlways);
  const set = async (how: string) => {
    for (const { name } of always) await client.query(`alter table ${tableName(table)} alter column ${quoteName(name)} set generated ${how}`);
  };
  await set('by default');
  const result = await use();
  await set('always');
  return result;
}

/** Foreign keys of the tables that were put back are checked here, since triggers were quiet meanwhile. */
export async function checkForeignKeys(client: pg.Client, reports: PutBackReport[], state: string): Promise<void> {
  if (reports.length === 0) return;
  const { rows } = await client.query<{ name: string; child: string; parent: string; on: string; some: string }>(
    `select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
       (select string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ') from unnest(k.conkey, k.confkey) as u (c, p)
          join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.c join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.p) as on,
       (select string_agg(format('c.%I is not null', ca.attname), ' and ') from unnest(k.conkey) as u (c) join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.c) as some
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_class q on q.oid = k.confrelid join pg_namespace m on m.oid = q.relnamespace
     where k.contype = 'f' and k.convalidated and k.conparentid = 0
       and (format('%s.%s', n.nspname, c.relname) = any($1) or format('%s.%s', m.nspname, q.relname) = any($1))`,
    [reports.map(({ table }) => table)],
  );
  for (const { name, child, parent, on, some } of rows) {
    const { rows: orphans } = await client.query<{ count: string }>(`select count(*) as count from (select from ${child} c where ${some} and not exists (select from ${parent} p where ${on}) limit 1000) as orphans`);
    const count = Number(orphans[0]!.count);
    if (count === 0) continue;
    throw failed(`${count} row${count === 1 ? '' : 's'} of ${child} would point to rows of ${parent} that are gone (foreign key ${name}).`, {
      state,
      next: `Users deleted rows that returned rows need. Put those rows of ${parent} back, or remove the rows of ${child}, then run the command again.`,
    });
  }
}
