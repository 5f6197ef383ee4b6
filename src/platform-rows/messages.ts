import type pg from 'pg';
import { place, type KeptItem } from '../kept/item.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import type { Queue } from '../snapshot/jobs-and-queues.ts';

/** A table of a queue by its name as in Effects. */
export const messageTable = (table: string) => `"pgmq".${quoteName(table)}`;

/** Names of the tables of a queue that are there. They belong to the extension or, since 1.6 and after a project was paused, do not: they are no tables of users either way. */
export const keptTables = ({ access }: Queue): string[] => access.map(({ table }) => table);

/** Copies the messages of a queue and of its archive, as they are, under a lock that lets nobody write meanwhile. */
export async function copyMessages(client: pg.Client, queue: Queue): Promise<KeptItem[]> {
  const items: KeptItem[] = [];
  for (const table of keptTables(queue)) {
    await client.query(`lock table ${messageTable(table)} in share row exclusive mode`);
    const relation = await newRelation(client);
    await client.query(`create table supabase_migrations.${quoteName(relation)} as select * from ${messageTable(table)}`);
    await client.query(`select supabase_migrations.supasnap_close(${quoteText(relation)})`);
    items.push({ ...itemOf(relation, table), sequences: await readNumber(client, table) });
  }
  return items;
}

/** The same for a moment, while the queue is made anew: in temporary tables, which need no history beside them. */
export async function holdMessages(client: pg.Client, queue: Queue): Promise<KeptItem[]> {
  const items: KeptItem[] = [];
  for (const table of keptTables(queue)) {
    const relation = `supasnap_rows_${table}`;
    await client.query(`create temp table ${quoteName(relation)} as select * from ${messageTable(table)}`);
    items.push({ ...itemOf(relation, table), sequences: await readNumber(client, table) });
  }
  return items;
}

const itemOf = (relation: string, table: string): KeptItem => ({
  relation,
  table: { key: '', schema: 'pgmq', name: table, partitioned: false },
  rowKey: [],
  columns: [],
  fate: 'messages',
  sequences: [],
});

export const newRelation = async (client: pg.Client): Promise<string> =>
  `supasnap_kept_${(await client.query<{ id: string }>("select nextval('supabase_migrations.supasnap_kept_number') as id")).rows[0]!.id}`;

/** The number that its messages have reached. */
async function readNumber(client: pg.Client, table: string): Promise<KeptItem['sequences']> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where exists (select from pg_attribute where attrelid = ${quoteText(messageTable(table))}::regclass and attname = 'msg_id') and c.oid = pg_get_serial_sequence(${quoteText(messageTable(table))}, 'msg_id')::regclass`,
  );
  if (!rows[0]) return [];
  const { rows: number } = await client.query<{ last: string; called: boolean }>(
    `select last_value::text as last, is_called as called from ${quoteName(rows[0].schema)}.${quoteName(rows[0].name)}`,
  );
  return [{ ...rows[0], column: 0, ...number[0]! }];
}

/** The copied messages of a queue that was made a moment ago: what its maker put into it gives way. Gives how many there are. */
export async function returnMessages(client: pg.Client, copy: KeptItem): Promise<number> {
  if (!(await isThere(client, copy))) return 0;
  await client.query(`delete from ${messageTable(copy.table.name)}`);
  return insertCopied(client, copy, '');
}

/** Messages that a run took out of a queue which stays: those go back that are neither in the queue nor in its archive. */
export async function returnMissing(client: pg.Client, copy: KeptItem): Promise<number> {
  return (await isThere(client, copy)) ? insertCopied(client, copy, ` where not ${await present(client, copy)}`) : 0;
}

/** How many messages a copy holds. */
export async function countCopied(client: pg.Client, { relation }: KeptItem): Promise<number> {
  return Number((await client.query<{ count: string }>(`select count(*) as count from ${copied(relation)}`)).rows[0]!.count);
}

/** Leaves in a copy what is not in the queue any more; drops it and gives false where that is nothing. */
export async function keepMissing(client: pg.Client, copy: KeptItem): Promise<boolean> {
  if (await isThere(client, copy)) await client.query(`delete from ${copied(copy.relation)} c where ${await present(client, copy)}`);
  else return true;
  if ((await countCopied(client, copy)) > 0) return true;
  await client.query(`drop table ${copied(copy.relation)}`);
  return false;
}

/** What tells whether rows of a table may have gone: the table itself, its file, and how many the server counts as deleted. */
export type Marks = Map<string, string>;

export async function markTables(client: pg.Client, tables: string[]): Promise<Marks> {
  if (tables.length === 0) return new Map();
  const { rows } = await client.query<{ table: string; mark: string }>(
    `select c.relname::text as table, concat_ws('/', c.oid, pg_relation_filenode(c.oid), pg_stat_get_xact_tuples_deleted(c.oid)) as mark from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'pgmq' and c.relname = any($1)`,
    [tables],
  );
  return new Map(rows.map(({ table, mark }) => [table, mark]));
}

/** Tables that may have lost rows since they were marked. */
export async function lostFrom(client: pg.Client, marks: Marks): Promise<string[]> {
  const now = await markTables(client, [...marks.keys()]);
  return [...marks].flatMap(([table, mark]) => (now.get(table) === mark ? [] : [table]));
}

const copied = place;

async function isThere(client: pg.Client, { table }: KeptItem): Promise<boolean> {
  return (await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [messageTable(table.name)])).rows[0]!.there;
}

/** Whether a copied message (`c`) is in its queue or archive: one that was archived is not lost. */
async function present(client: pg.Client, { table }: KeptItem): Promise<string> {
  const archive = `a_${table.name.slice(2)}`;
  const places = [
    table.name,
    ...(table.name.startsWith('q_') && (await isThere(client, { table: { name: archive } } as KeptItem)) ? [archive] : []),
  ];
  return `(${places.map((name) => `exists (select from ${messageTable(name)} m where m.msg_id = c.msg_id)`).join(' or ')})`;
}

async function insertCopied(client: pg.Client, { relation, table, sequences }: KeptItem, where: string): Promise<number> {
  const queue = messageTable(table.name);
  const { rows } = await client.query<{ name: string }>(
    `select a.attname::text as name from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and exists (select from pg_attribute b where b.attrelid = to_regclass($2) and b.attname = a.attname and b.attnum > 0 and not b.attisdropped)`,
    [queue, copied(relation)],
  );
  const columns = rows.map(({ name }) => quoteName(name)).join(', ');
  const { rowCount } = await client.query(
    `insert into ${queue} (${columns}) overriding system value select ${columns} from ${copied(relation)} c${where}`,
  );
  const [number] = sequences;
  if (number) await raise(client, queue, number);
  return rowCount ?? 0;
}

/** Messages are numbered on from where they were, or from where they are now when that is further. */
async function raise(client: pg.Client, queue: string, { last, called }: KeptItem['sequences'][number]): Promise<void> {
  const { rows } = await client.query<{ name: string | null }>('select pg_get_serial_sequence($1, $2) as name', [queue, 'msg_id']);
  const name = rows[0]!.name;
  if (name)
    await client.query(
      `select setval(${quoteText(name)}, ${last}, ${called}) from ${name} where last_value < ${last} or last_value = ${last} and not is_called`,
    );
}
