import type pg from 'pg';
import type { KeptItem } from '../kept/item.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import { queueTables, type Queue } from './rows.ts';

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
    items.push({ relation, table: { key: '', schema: 'pgmq', name: table, partitioned: false }, rowKey: [], columns: [], fate: 'messages', sequences: await readNumber(client, table) });
  }
  return items;
}

export const newRelation = async (client: pg.Client): Promise<string> =>
  `supasnap_kept_${(await client.query<{ id: string }>("select nextval('supabase_migrations.supasnap_kept_number') as id")).rows[0]!.id}`;

/** The number that its messages have reached. */
async function readNumber(client: pg.Client, table: string): Promise<KeptItem['sequences']> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where exists (select from pg_attribute where attrelid = ${quoteText(messageTable(table))}::regclass and attname = 'msg_id') and c.oid = pg_get_serial_sequence(${quoteText(messageTable(table))}, 'msg_id')::regclass`,
  );
  if (!rows[0]) return [];
  const { rows: number } = await client.query<{ last: string; called: boolean }>(`select last_value::text as last, is_called as called from ${quoteName(rows[0].schema)}.${quoteName(rows[0].name)}`);
  return [{ ...rows[0], column: 0, ...number[0]! }];
}

/** Messages of a queue that was made a moment ago: what its maker put into it gives way. Gives how many there are, and the copies they came from. */
export async function returnMessages(client: pg.Client, queue: string, copies: KeptItem[]): Promise<{ messages: number; used: KeptItem[] }> {
  let messages = 0;
  const used: KeptItem[] = [];
  for (const table of queueTables(queue)) {
    const copy = copies.find((item) => item.table.name === table);
    if (!copy) continue;
    const { rows } = await client.query<{ name: string }>(
      `select a.attname::text as name from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         and exists (select from pg_attribute b where b.attrelid = to_regclass($2) and b.attname = a.attname and b.attnum > 0 and not b.attisdropped)`,
      [messageTable(table), `supabase_migrations.${quoteName(copy.relation)}`],
    );
    if (rows.length === 0) continue;
    const columns = rows.map(({ name }) => quoteName(name)).join(', ');
    await client.query(`delete from ${messageTable(table)}`);
    const { rowCount } = await client.query(`insert into ${messageTable(table)} (${columns}) overriding system value select ${columns} from supabase_migrations.${quoteName(copy.relation)}`);
    if (table === queueTables(queue)[0]) messages += rowCount ?? 0;
    const [number] = copy.sequences;
    const sequence = `pg_get_serial_sequence(${quoteText(messageTable(table))}, 'msg_id')`;
    if (number) await client.query(`select setval(${sequence}, ${number.last}, ${number.called}) where ${sequence} is not null`);
    used.push(copy);
  }
  return { messages, used };
}
