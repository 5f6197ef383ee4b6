import type pg from 'pg';
import { refused } from '../errors.ts';
import { quoteName } from '../sql-names.ts';
import { rightsStatement } from '../transition/execute.ts';

/**
 * Runs `use` while triggers and foreign keys of users are quiet, as for a replica. Where the role may not ask for that,
 * triggers of the tables' owner are switched off one by one, and on again as they were. Foreign keys can't be: where one of `tables`
 * has one that acts on other rows, it throws a Problem.
 */
export async function withQuietTriggers<T>(client: pg.Client, tables: string[], state: string, use: () => Promise<T>): Promise<T> {
  const quiet = await becomeReplica(client);
  if (!quiet) await refuseCascades(client, tables, state);
  const loud = await switchOff(client, quiet ? "('A', 'R')" : "('O', 'A', 'R')");
  const result = await use();
  for (const { table, trigger, word } of loud) await client.query(`alter table ${table} enable ${word} trigger ${quoteName(trigger)}`);
  if (quiet) await client.query(`${rightsStatement(true)}; set local session_replication_role = origin; ${rightsStatement(false)}`);
  return result;
}

async function refuseCascades(client: pg.Client, tables: string[], state: string): Promise<void> {
  const { rows } = await client.query<{ name: string; child: string }>(
    `select conname as name, conrelid::regclass::text as child from pg_constraint
     where contype = 'f' and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd')) and conparentid = 0
       and confrelid = any(select to_regclass(name)::oid from unnest($1::text[]) as name)`,
    [tables],
  );
  if (rows.length === 0) return;
  throw refused('This role may not quieten foreign keys, so putting rows back would reach rows of other tables.', {
    detail: rows.map(({ name, child }) => `${child}: foreign key ${name}`),
    state,
    next: 'Let a superuser run: grant set on parameter session_replication_role to <role>; then run the command again.',
  });
}

/** Whether the role may be a replica; then it is one until the transaction ends, or says otherwise. */
export async function becomeReplica(client: pg.Client): Promise<boolean> {
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
