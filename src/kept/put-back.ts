import type pg from 'pg';
import { failed, forShell, refused } from '../errors.ts';
import type { Effects } from './effects.ts';
import { exactText, ownText } from './exact-text.ts';
import {
  after,
  findTable,
  keyName,
  live,
  place,
  present,
  presentKey,
  reach,
  same,
  sameRow,
  storedValue,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import type { Keeping } from './keep.ts';
import { readShapes, type TableShape } from './shape.ts';
import { returningOf, stayWithParents, type Returning } from './changed-keys.ts';
import { onStill, still, type ReturnStatement } from './return-statement.ts';
import { carryStatements, conversionStatements, markStatement, raiseSequence, returnStatements, type Again } from './statements.ts';

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
  /** Buckets of the earlier run that stay, for they hold files, which no copy could bring back. */
  inUse?: number;
  /** The same in words, of jobs and queues. */
  told?: string[];
}

/** Columns of copies that could not return yet, by copy. */
export type Waiting = Map<string, KeptColumn[]>;

/** The tables before the schema changed, and by copy the columns of which it is noted whether users changed them since. */
export interface Marks {
  tables: Map<string, TableShape>;
  columns: Map<string, Set<string>>;
  /** Columns that were noted, and got their old value, before they were converted and before the copy could be compared as a whole; by copy. */
  early: Map<string, Set<string>>;
  again?: Again;
  /** Columns whose table is not there, or that are not there themselves, by copy: they wait on. */
  waiting: Waiting;
}

/** Notes, before the schema changes, which kept rows are still as the earlier run left them. `items` are the newest first. */
export async function markUnchanged(client: pg.Client, items: KeptItem[]): Promise<Marks> {
  if (items.length === 0) return { tables: new Map(), columns: new Map(), early: new Map(), waiting: new Map() };
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const marks: Marks = { tables: await readShapes(client), columns: new Map(), early: new Map(), waiting: new Map() };
  const seen = new Set<string>();
  for (const item of items) {
    const table = findTable(marks.tables, item);
    // Where a run kept a table in several steps, the earlier step's rows can be compared only once the later one's are put back.
    if (table && !seen.has(table.key)) await mark(client, marks, item, table);
    if (table) seen.add(table.key);
  }
  await client.query(ownText);
  return marks;
}

async function mark(client: pg.Client, { columns, early }: Marks, item: KeptItem, table: TableShape): Promise<void> {
  const statement = markStatement(item, table);
  if (!statement) return;
  await client.query(statement.sql);
  columns.set(item.relation, statement.columns);
  for (const column of early.get(item.relation) ?? []) {
    if (statement.columns.has(column))
      await client.query(`update ${still(item)} s set ${column} = true from ${earlyStill(item)} k where ${onStill(item)} and k.${column}`);
  }
}

/** What was noted of a copy before columns were converted. */
const earlyStill = (item: KeptItem) => `pg_temp."early_${item.relation}"`;

/** Puts kept rows back, into the tables as they are now; user triggers stay quiet. `items` are of one run. */
export async function putBack(client: pg.Client, items: KeptItem[], marks: Marks): Promise<PutBackReport[]> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const reports: PutBackReport[] = [];
  const returning: Returning[] = [];
  for (const item of items) {
    const table = findTable(shapes, item);
    const waits = waitingColumns(item, table);
    if (waits.length > 0) marks.waiting.set(item.relation, waits);
    if (item.fate === 'sequence') await client.query(raiseSequence(item.sequences[0]!, item.table).sql);
    else if (table && item.fate !== 'created') {
      const isNew = !marks.tables.has(table.key);
      // A table that came back a moment ago holds what this very run put there: nobody changed it since.
      if (!marks.columns.has(item.relation)) await mark(client, marks, item, table);
      const counted = await runStatements(client, returnStatements(item, table, isNew, marks.columns.get(item.relation), marks.again));
      reports.push({ table: `${table.schema}.${table.name}`, ...counted });
      returning.push(returningOf(item, table));
    }
  }
  await runStatements(client, stayWithParents(returning));
  await client.query(ownText);
  return reports.filter(
    ({ returned, removed, newer, uncertain, unmatched, inUse = 0 }) => returned + removed + newer + uncertain + unmatched + inUse > 0,
  );
}

/** Of a copy that has nowhere to go, all; else columns that went and are not there. */
function waitingColumns({ fate, columns, rest = [], ...item }: KeptItem, table: TableShape | undefined): KeptColumn[] {
  if (fate === 'sequence' || fate === 'created') return [];
  if (!table) return [...columns, ...rest];
  return [
    ...(fate === 'stays'
      ? columns.filter((column) => column.doomed && !column.compared && !present(table, { ...item, fate, columns }, column))
      : []),
    ...rest,
  ];
}

async function runStatements(client: pg.Client, statements: ReturnStatement[]): Promise<Omit<PutBackReport, 'table'>> {
  const counted: Omit<PutBackReport, 'table'> = { returned: 0, removed: 0, newer: 0, uncertain: 0, unmatched: 0 };
  for (const { sql, counts, tally } of statements) {
    const { rowCount, rows } = await client.query<{ count: number }>(sql);
    if (counts) counted[counts] = (counted[counts] ?? 0) + (tally ? rows[0]!.count : (rowCount ?? 0));
  }
  return counted;
}

/**
 * Before a column turns from text or an enum into something narrower: what is still as the earlier run left it gets its old value,
 * so that the conversion meets only what users wrote.
 */
export async function returnBeforeConversion(
  client: pg.Client,
  items: KeptItem[],
  effects: Effects,
  { tables, columns, early }: Marks,
): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  for (const item of items) {
    const table = tables.get(item.table.key);
    const keys = table && presentKey(table, item);
    const marked = columns.get(item.relation);
    if (!table || !keys) continue;
    const statement = marked ? undefined : markStatement(item, table);
    const conversions = conversionStatements(item, table, keys, effects, marked ?? statement?.columns ?? new Set());
    if (conversions.length > 0 && statement) await client.query(statement.sql);
    for (const { sql } of conversions) await client.query(sql);
    if (conversions.length === 0 || !statement) continue;
    // Of an earlier step of the run: its other columns can be compared only once the later step's are put back.
    await client.query(`alter table ${still(item)} rename to ${earlyStill(item).replace('pg_temp.', '')}`);
    early.set(item.relation, new Set(conversions.map(({ column }) => column)));
  }
  await client.query(ownText);
}

/**
 * Rows that returned only after the COMMIT of their run, because a new label held them up: the copies of that run get them too, as it
 * left them in the end. Called in the transaction that returned them.
 */
export async function amendKept(client: pg.Client, kept: KeptItem[], undoing: KeptItem[], { columns }: Marks): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  for (const item of kept) {
    const table = shapes.get(item.table.key);
    const keys = table && presentKey(table, item);
    const other = undoing.find((one) => one.table.key === item.table.key && one.rowKey.length === item.rowKey.length);
    const marked = other && columns.get(other.relation);
    if (item.fate !== 'stays' || !table || !keys || !marked) continue;
    const compared = item.columns.filter((column) => column.compared);
    const now = (column: KeptColumn) => storedValue(present(table, item, column)!, live(present(table, item, column)!), column.inParts);
    const ofOther = (alias: string) =>
      item.rowKey.map((column, at) => `${alias}.${keyName(other.rowKey[at]!)}::text = k.${keyName(column)}::text`).join(' and ');
    const set = compared.map(
      (column) =>
        `${after(column)} = case when ${marked.has(same(column)) ? `s.${same(column)}` : 'true'} then ${now(column)} else k.${after(column)} end`,
    );
    const copied = place(item.relation);
    if (set.length > 0)
      await client.query(
        `update ${copied} k set ${set.join(', ')} from ${reach(table)} t, ${still(other)} s where ${sameRow(item.rowKey, keys)} and ${ofOther('s')} and s.p`,
      );
    await client.query(
      `update ${copied} k set mark = 'd' from ${place(other.relation)} o where ${ofOther('o')} and o.mark = 'i' and not exists (select from ${reach(table)} t where ${sameRow(item.rowKey, keys)})`,
    );
    await client.query(`insert into ${copied} (${['mark', ...item.rowKey.map(keyName), ...compared.map(after)].join(', ')})
      select ${["'i'", ...keys.map((key) => storedValue(key, live(key))), ...compared.map(now)].join(', ')} from ${reach(table)} t, ${place(other.relation)} o
      where ${sameRow(other.rowKey, keys).replaceAll('k.', 'o.')} and o.mark = 'd' and not exists (select from ${copied} k where ${sameRow(item.rowKey, keys)})`);
  }
  await client.query(ownText);
}

/** A plan that drops a table and makes it again under its name means the same table: its rows are carried over. */
export async function carryOver(client: pg.Client, keeping: Keeping, state: string): Promise<void> {
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const now = await readShapes(client);
  for (const item of keeping.items) {
    const table = item.fate === 'dropped' ? findTable(now, item) : undefined;
    if (!table || keeping.shapes.has(table.key) || (await client.query(`select from ${reach(table)} limit 1`)).rowCount) continue;
    await runStatements(client, carryStatements(item, table)).catch((error: Error) => {
      throw refused('row_conflict', `Rows of ${table.schema}.${table.name} do not fit the table as it was: ${error.message}`, {
        state,
        next: 'Correct those rows, then run the command again.',
        cause: error,
      });
    });
  }
  await client.query(ownText);
}

/** What triggers watch over was not watched while rows returned. */
export async function checkConstraints(client: pg.Client, reports: PutBackReport[], state: string): Promise<void> {
  await checkForeignKeys(client, reports, state);
  await checkDeferrable(client, reports, state);
}

/** A deferrable unique constraint is watched by triggers, and those are quiet while rows return. */
async function checkDeferrable(client: pg.Client, reports: PutBackReport[], state: string): Promise<void> {
  if (reports.length === 0) return;
  const { rows } = await client.query<{ name: string; table: string; columns: string; given: string }>(
    `select k.conname as name, k.conrelid::regclass::text as table, string_agg(quote_ident(a.attname), ', ') as columns, string_agg(format('%I is not null', a.attname), ' and ') as given
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
     where k.contype in ('u', 'p') and k.condeferrable and format('%s.%s', n.nspname, c.relname) = any($1) group by k.oid, k.conname, k.conrelid`,
    [reports.map(({ table }) => table)],
  );
  for (const { name, table, columns, given } of rows) {
    const { rows: twice } = await client.query<{ value: string }>(
      `select row(${columns})::text as value from ${table} where ${given} group by ${columns} having count(*) > 1 limit 5`,
    );
    if (twice.length === 0) continue;
    throw failed('row_conflict', `Rows of ${table} would have a value twice that must be unique (constraint ${name}).`, {
      detail: twice.map(({ value }) => `${columns}: ${value}`),
      state,
      next: 'Rows written since use it. Give them another one, then run the command again.',
    });
  }
}

/** Foreign keys of the tables that were put back are checked here, since triggers were quiet meanwhile. */
async function checkForeignKeys(client: pg.Client, reports: PutBackReport[], state: string): Promise<void> {
  if (reports.length === 0) return;
  const { rows } = await client.query<{ name: string; child: string; parent: string; orphaned: string }>(
    `select k.conname as name, format('%I.%I', n.nspname, c.relname) as child, format('%I.%I', m.nspname, q.relname) as parent,
       format('%s and not exists (select from %I.%I p where %s)', string_agg(format('%I is not null', ca.attname), ' and '), m.nspname, q.relname,
         string_agg(format('p.%I = %I.%I.%I', pa.attname, n.nspname, c.relname, ca.attname), ' and ')) as orphaned
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_class q on q.oid = k.confrelid join pg_namespace m on m.oid = q.relnamespace
       cross join unnest(k.conkey, k.confkey) as u (c, p)
       join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.c join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.p
     where k.contype = 'f' and k.convalidated and k.conparentid = 0
       and (format('%s.%s', n.nspname, c.relname) = any($1) or format('%s.%s', m.nspname, q.relname) = any($1))
     group by k.oid, k.conname, n.nspname, c.relname, m.nspname, q.relname`,
    [reports.map(({ table }) => table)],
  );
  for (const { name, child, parent, orphaned } of rows) {
    const { rows: orphans } = await client.query<{ count: string }>(
      `select count(*) as count from (select from ${child} where ${orphaned} limit 1000) as orphans`,
    );
    const count = Number(orphans[0]!.count);
    if (count === 0) continue;
    throw refused(
      'row_conflict',
      `${count} row${count === 1 ? '' : 's'} of ${child} would point to rows of ${parent} that are not there then (foreign key ${name}).`,
      {
        detail: ['They were deleted since, or this takes them out again.'],
        state,
        next: `Let those rows of ${child} point elsewhere, or see to it that their ${parent} exists, then run the command again; a rollback can take them out and keep them: --without ${forShell(`${child.replaceAll('"', '')}=${orphaned}`)}`,
      },
    );
  }
}
