import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { rightsStatement } from '../transition/execute.ts';

/**
 * Runs `use` while triggers and foreign keys of users are quiet, as for a replica. Where the role may not ask for that,
 * triggers of the tables' owner are switched off one by one, and on again as they were.
 */
export async function withQuietTriggers<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  const quiet = await becomeReplica(client);
  const loud = await switchOff(client, quiet ? "('A', 'R')" : "('O', 'A', 'R')");
  const result = await use();
  for (const { table, trigger, word } of loud) await client.query(`alter table ${table} enable ${word} trigger ${quoteName(trigger)}`);
  if (quiet) await client.query(`${rightsStatement(true)}; set local session_replication_role = origin; ${rightsStatement(false)}`);
  return result;
}

async function becomeReplica(client: pg.Client): Promise<boolean> {
  await client.query('savepoint supasnap_quiet');
  try {
    await client.query(`${rightsStatement(true)}; set local session_replication_role = replica; ${rightsStatement(false)}`);
    await client.query('release savepoint supasnap_quiet');
    return true;
  } catch {
    await client.query('rollback to savepoint supasnap_quiet; release savepoint supasnap_quiet');
    return false;
  }
}

/** Row triggers on tables that we own and that would fire all the same. */
async function switchOff(client: pg.Client, states: string): Promise<{ table: string; trigger: string; word: string }[]> {
  const { rows } = await client.query<{ table: string; trigger: string; word: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, t.tgname as trigger, case t.tgenabled when 'A' then 'always' when 'R' then 'replica' else '' end as word
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
     where not t.tgisinternal and t.tgparentid = 0 and t.tgenabled in ${states} and n.nspname not in ('supabase_migrations', 'pg_catalog') and pg_has_role(c.relowner, 'usage')`,
  );
  for (const { table, trigger } of rows) await client.query(`alter table ${table} disable trigger ${quoteName(trigger)}`);
  return rows;
}
