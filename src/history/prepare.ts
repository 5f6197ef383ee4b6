import { createHash } from 'node:crypto';
import type pg from 'pg';
import { quoteText } from '../sql-names.ts';
import { guardTrigger, historySchema, tables } from './schema.ts';

/** On one of its functions: which text made what is there. */
const mark = `supasnap: ${createHash('sha256').update(historySchema).digest('hex').slice(0, 16)}`;

const columns: [table: string, column: string][] = [
  ['schema_migrations', 'version'],
  ...[...historySchema.matchAll(/^alter table supabase_migrations\.(\w+) add column if not exists (\w+)/gm)].map(
    ([, table = '', column = '']): [string, string] => [table, column],
  ),
];

const isComplete = `
select coalesce(pg_catalog.obj_description(to_regprocedure('supabase_migrations.supasnap_close(text)')::oid, 'pg_proc') = ${quoteText(mark)}, false)
  and not exists (select from (values ${tables.map((table) => `(${quoteText(table)})`).join(', ')}) as t (name)
    where not exists (select from pg_catalog.pg_class c join pg_catalog.pg_trigger g on g.tgrelid = c.oid
      where c.oid = to_regclass('supabase_migrations.' || t.name) and c.relrowsecurity and g.tgname = '${guardTrigger}' and g.tgenabled = 'O'))
  and not exists (select from pg_catalog.pg_trigger where tgname = '${guardTrigger}' and tgenabled = 'D')
  and not exists (select from (values ${columns.map((words) => `(${words.map(quoteText).join(', ')})`).join(', ')}) as e (relation, name)
    where not exists (select from pg_catalog.pg_attribute a where a.attrelid = to_regclass('supabase_migrations.' || e.relation) and a.attname = e.name and not a.attisdropped))
  and to_regclass('supabase_migrations.supasnap_kept_number') is not null as complete`;

/**
 * Makes what is missing of the history, in the open transaction. Where nothing is, it only takes away what others were given since: ALTER TABLE would
 * keep who reads the history waiting until COMMIT.
 */
export async function prepareHistory(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ complete: boolean }>(isComplete);
  if (rows[0]!.complete) await client.query('do $close$ begin perform supabase_migrations.supasnap_revoke(null); end $close$');
  else await client.query(`${historySchema};\ncomment on function supabase_migrations.supasnap_close(text) is ${quoteText(mark)}`);
}
