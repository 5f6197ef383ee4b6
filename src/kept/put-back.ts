import type pg from 'pg';
import { failed } from '../errors.ts';
import { quoteName } from '../sql-names.ts';
import { tableName, type Effects } from './effects.ts';
import { after, before, keyName, present, returnedValue, sameValue, storedValue, type KeptColumn, type KeptItem } from './item.ts';
import { exactText, ownText } from './keep.ts';
import { readShapes, type ColumnShape, type TableShape } from './shape.ts';

/** What came of one kept table: how many rows were put back, and how many were left as users made them since. */
export interface PutBackReport {
  table: string;
  returned: number;
  /** Values that users changed since: theirs stay. */
  newer: number;
  /** Rows whose key someone else uses now: not overwritten. */
  uncertain: number;
  /** Rows that can't be told apart, for want of a key. */
  unmatched: number;
}

const place = (relation: string) => `supabase_migrations."${relation}"`;
export const still = (item: KeptItem) => `pg_temp."still_${item.relation}"`;
export const same = (column: KeptColumn) => `s${column.number}`;

/**
 * Notes, before the schema changes, which kept rows are still as the earlier run left them: `p` says whether the row is
 * there, `s<n>` whether column n is unchanged since.
 */
export async function markUnchanged(client: pg.Client, items: KeptItem[]): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of items) {
    const table = shapes.get(item.table.key) ?? byName(shapes, item);
    const keys = table && matchingKey(item, table);
    if (item.fate !== 'stays' || !table || !keys) continue;
    const compared = item.columns.flatMap((column) => {
      const live = column.compared && present(table, item, column);
      return live ? [`coalesce(${sameValue(`k.${after(column)}`, storedValue(live, `t.${quoteName(live.name)}`))}, false) as ${same(column)}`] : [];
    });
    const on = item.rowKey.map((column, index) => `k.${keyName(column)} = ${storedValue(keys[index]!, `t.${quoteName(keys[index]!.name)}`)}`).join(' and ');
    await client.query(`create temp table ${still(item).replace('pg_temp.', '')} on commit drop as
      select ${[...item.rowKey.map((column) => `k.${keyName(column)}`), `t.${quoteName(keys[0]!.name)} is not null as p`, ...compared].join(', ')}
      from ${place(item.relation)} k left join ${table.partitioned ? '' : 'only '}${tableName(table)} t on ${on}`);
  }
  await client.query(ownText);
}

/** Puts kept rows back, into the tables as they are now; user triggers stay quiet. `items` are of one run. */
export async function putBack(client: pg.Client, items: KeptItem[]): Promise<PutBackReport[]> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const reports: PutBackReport[] = [];
  for (const item of items) {
    if (item.fate === 'created') continue;
    const table = shapes.get(item.table.key) ?? byName(shapes, item);
    if (!table) continue;
    reports.push(await putTableBack(client, item, table));
  }
  await client.query(ownText);
  return reports.filter(({ returned, newer, uncertain, unmatched }) => returned + newer + uncertain + unmatched > 0);
}

const byName = (shapes: Map<string, TableShape>, item: KeptItem) => [...shapes.values()].find(({ schema, name }) => schema === item.table.schema && name === item.table.name);

function matchingKey(item: KeptItem, table: TableShape): ColumnShape[] | undefined {
  if (item.rowKey.length === 0) return undefined;
  const columns = item.rowKey.map((column) => present(table, item, column));
  return columns.every((column) => column !== undefined) ? (columns as ColumnShape[]) : undefined;
}

async function putTableBack(client: pg.Client, item: KeptItem, table: TableShape): Promise<PutBackReport> {
  const report: PutBackReport = { table: `${table.schema}.${table.name}`, returned: 0, newer: 0, uncertain: 0, unmatched: 0 };
  const pairs = item.columns.flatMap((kept) => {
    const column = present(table, item, kept);
    return column && !column.generated ? [{ kept, column }] : [];
  });
  const identities = pairs.filter(({ column }) => column.identity).map(({ column }) => column);
  const reach = `${table.partitioned ? '' : 'only '}${tableName(table)}`;
  await openIdentities(client, table, identities, 'by default');
  const count = async (sql: string) => (await client.query(sql)).rowCount ?? 0;

  if (item.fate === 'dropped') {
    await restoreSequences(client, item, table);
    report.returned += await insertRows(client, item, table, pairs, "k.mark = 'd'");
    const keys = matchingKey(item, table);
    if (keys) await count(`delete from ${reach} t using ${place(item.relation)} k where k.mark = 'g' and ${join(item, keys)}`);
  } else {
    const keys = matchingKey(item, table);
    if (keys && (await isMarked(client, item))) {
      const counted = await changeRows(client, item, table, pairs, keys);
      report.returned += counted.returned;
      report.newer += counted.newer;
      report.uncertain += counted.uncertain;
      await numberOthers(client, item, table, pairs, keys);
    } else if (item.columns.every(({ doomed }) => !doomed)) {
      report.returned += await exchangeRows(client, item, table, pairs);
    } else {
      report.unmatched += await count(`select from ${place(item.relation)}`);
    }
  }
  await openIdentities(client, table, identities, 'always');
  return report;
}

/** Whether the rows could be told apart when the run began. */
export async function isMarked(client: pg.Client, item: KeptItem): Promise<boolean> {
  const { rows } = await client.query<{ marked: boolean }>('select to_regclass($1) is not null as marked', [still(item)]);
  return rows[0]!.marked;
}

/**
 * Before a column turns from text into something narrower: what is still as the earlier run left it gets its old text, so that
 * the conversion meets only what users wrote.
 */
export async function returnBeforeConversion(client: pg.Client, items: KeptItem[], effects: Effects): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of items) {
    const table = shapes.get(item.table.key);
    const keys = table && matchingKey(item, table);
    if (!table || !keys || item.fate !== 'stays' || !(await isMarked(client, item))) continue;
    const converted = new Set((effects.doomed[tableName(table)] ?? []).filter(({ dropped }) => !dropped).map(({ column }) => column));
    for (const kept of item.columns) {
      const column = present(table, item, kept);
      if (!column || !kept.compared || !converted.has(column.name) || !/^(text|character varying)$/.test(column.type)) continue;
      const onStill = item.rowKey.map((key) => `s.${keyName(key)} = k.${keyName(key)}`).join(' and ');
      await client.query(`update ${table.partitioned ? '' : 'only '}${tableName(table)} t set ${quoteName(column.name)} = k.${before(kept)}::text
        from ${place(item.relation)} k, ${still(item)} s where ${join(item, keys)} and ${onStill} and k.mark = 'c' and s.p and s.${same(kept)}`);
    }
  }
  await client.query(ownText);
}

type Pair = { kept: KeptColumn; column: ColumnShape };

const join = (item: KeptItem, keys: ColumnShape[]) =>
  item.rowKey.map((column, index) => `k.${keyName(column)} = ${storedValue({ builtIn: column.builtIn }, `t.${quoteName(keys[index]!.name)}`)}`).join(' and ');

async function changeRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[]): Promise<{ returned: number; newer: number; uncertain: number }> {
  const reach = `${table.partitioned ? '' : 'only '}${tableName(table)}`;
  const onStill = item.rowKey.map((column) => `s.${keyName(column)} = k.${keyName(column)}`).join(' and ');
  const unchanged = pairs.filter(({ kept }) => kept.compared).map(({ kept }) => `s.${same(kept)}`);
  const all = unchanged.length > 0 ? unchanged.join(' and ') : 'true';
  const tally = await client.query<{ newer: string; uncertain: string }>(`
    select count(*) filter (where s.p and k.mark <> 'd' and not (${all})) as newer, count(*) filter (where k.mark = 'd' and s.p) as uncertain
    from ${place(item.relation)} k join ${still(item)} s on ${onStill}`);
  let returned = 0;
  const removed = await client.query(`delete from ${reach} t using ${place(item.relation)} k, ${still(item)} s
    where ${join(item, keys)} and ${onStill} and (k.mark = 'i' and s.p and ${all} or k.mark = 'g' and not s.p)`);
  returned += removed.rowCount ?? 0;
  if (pairs.length > 0) {
    const sets = pairs.map(({ kept, column }) => {
      const old = returnedValue(column, `k.${before(kept)}`);
      return `${quoteName(column.name)} = ${kept.compared ? `case when s.${same(kept)} then ${old} else t.${quoteName(column.name)} end` : old}`;
    });
    const some = pairs.every(({ kept }) => kept.compared) ? `(${unchanged.join(' or ')})` : 'true';
    const updated = await client.query(`update ${reach} t set ${sets.join(', ')} from ${place(item.relation)} k, ${still(item)} s
      where ${join(item, keys)} and ${onStill} and k.mark = 'c' and s.p and ${some}`);
    returned += updated.rowCount ?? 0;
    // Rows that the earlier run deleted, or that this one made anew: the kept row wins where nobody used its key meanwhile.
    const over = await client.query(`update ${reach} t set ${pairs.map(({ kept, column }) => `${quoteName(column.name)} = ${returnedValue(column, `k.${before(kept)}`)}`).join(', ')}
      from ${place(item.relation)} k, ${still(item)} s where ${join(item, keys)} and ${onStill} and k.mark = 'd' and not s.p`);
    returned += over.rowCount ?? 0;
    returned += await insertRows(client, item, table, pairs, `k.mark = 'd' and exists (select from ${still(item)} s where ${onStill} and not s.p) and not exists (select from ${tableName(table)} t where ${join(item, keys)})`);
  }
  return { returned, newer: Number(tally.rows[0]!.newer), uncertain: Number(tally.rows[0]!.uncertain) };
}

async function insertRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], where: string): Promise<number> {
  const keys = matchingKey(item, table);
  const reach = tableName(table);
  if (item.fate === 'dropped' && keys) {
    await client.query(`delete from ${reach} t using ${place(item.relation)} k where k.mark = 'd' and ${join(item, keys)}`);
  }
  const result = await client.query(`insert into ${reach} (${pairs.map(({ column }) => quoteName(column.name)).join(', ')}) overriding system value
    select ${pairs.map(({ kept, column }) => returnedValue(column, `k.${before(kept)}`)).join(', ')} from ${place(item.relation)} k where ${where}`);
  return result.rowCount ?? 0;
}

/** Without a key: each row that came goes once, each row that went comes back once. */
async function exchangeRows(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[]): Promise<number> {
  const reach = tableName(table);
  const values = (prefix: string, list: Pair[]) => list.map(({ kept }) => `${prefix}${kept.number}`).join(', ');
  const comparedPairs = pairs.filter(({ kept }) => kept.compared);
  const live = comparedPairs.map(({ kept, column }) => `(t.${quoteName(column.name)})::text as n${kept.number}`);
  const removed = await client.query(`with live as (
      select t.ctid as place, ${live.join(', ')} from only ${reach} t
    ), numbered as (
      select place, ${values('n', comparedPairs)}, row_number() over (partition by ${values('n', comparedPairs)} order by place) as turn from live
    ), gone as (
      select ${values('n', comparedPairs)}, row_number() over (partition by ${values('n', comparedPairs)}) as turn from ${place(item.relation)} where mark = 'i'
    )
    delete from only ${reach} t using numbered, gone
    where t.ctid = numbered.place and numbered.turn = gone.turn and ${comparedPairs.map(({ kept }) => `numbered.n${kept.number} is not distinct from gone.n${kept.number}`).join(' and ')}`);
  return (removed.rowCount ?? 0) + (await insertRows(client, item, table, pairs, "k.mark = 'd'"));
}

/** A column that numbers itself and returned: rows that came since get the next numbers, not those of kept rows. */
async function numberOthers(client: pg.Client, item: KeptItem, table: TableShape, pairs: Pair[], keys: ColumnShape[]): Promise<void> {
  const returned = pairs.filter(({ kept, column }) => kept.doomed && !kept.compared && item.sequences.some((sequence) => sequence.column === kept.number) && column.number !== kept.number);
  if (returned.length === 0) return;
  await restoreSequences(client, item, table);
  for (const { column } of returned) {
    await client.query(`update ${tableName(table)} t set ${quoteName(column.name)} = default where not exists (select from ${place(item.relation)} k where ${join(item, keys)})`);
  }
}

async function restoreSequences(client: pg.Client, item: KeptItem, table: TableShape): Promise<void> {
  for (const sequence of item.sequences) {
    const kept = item.columns.find(({ number }) => number === sequence.column);
    const column = kept && present(table, item, kept);
    const owned = column && table.sequences.find((one) => one.column === column.number);
    if (owned) await client.query('select setval($1::regclass, $2, $3)', [tableName(owned), sequence.last, sequence.called]);
  }
}

/** An identity column that is GENERATED ALWAYS takes no values but its own; for the length of the put-back it does. */
async function openIdentities(client: pg.Client, table: TableShape, columns: ColumnShape[], how: 'by default' | 'always'): Promise<void> {
  for (const column of columns) {
    if (!column.identityAlways) continue;
    await client.query(`alter table ${tableName(table)} alter column ${quoteName(column.name)} set generated ${how}`);
  }
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
