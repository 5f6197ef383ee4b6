import type pg from 'pg';
import { refused } from '../errors.ts';
import { rightsStatement } from '../target/embedded/platform/rights.ts';

/**
 * Runs `use` while triggers, rules and foreign keys of users are quiet, as for a replica. Where the role may not ask for that,
 * triggers and rules of the tables' owner are switched off one by one, and on again as they were. Foreign keys can't be: where one of `tables`
 * has one that acts on other rows, it throws a Problem.
 */
export async function withQuietTriggers<T>(client: pg.Client, tables: string[], state: string, use: () => Promise<T>): Promise<T> {
  // Where the storage schema's own trigger can't be quietened, it asks for this before a bucket is deleted.
  await client.query(`set local ${deletesBuckets} = 'true'`);
  const quiet = await becomeReplica(client);
  if (!quiet) await refuseCascades(client, tables, state);
  const { rows: loud } = await client.query<{ off: string; again: string }>(firing(quiet ? "'{A,R}'" : "'{O,A,R}'"));
  for (const { off } of loud) await client.query(off);
  const result = await use();
  for (const { again } of loud) await client.query(again);
  await client.query(`set local ${deletesBuckets} = ''`);
  if (quiet) await client.query(`${rightsStatement(true)}; set local session_replication_role = origin; ${rightsStatement(false)}`);
  return result;
}

/** Lets rows of storage.buckets be deleted while it is 'true'. */
export const deletesBuckets = 'storage.allow_delete_query';

async function refuseCascades(client: pg.Client, tables: string[], state: string): Promise<void> {
  const { rows } = await client.query<{ name: string; child: string; me: string }>(
    `select conname as name, conrelid::regclass::text as child, quote_ident(current_user) as me from pg_constraint
     where contype = 'f' and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd')) and conparentid = 0
       and confrelid = any(select to_regclass(name)::oid from unnest($1::text[]) as name)`,
    [tables],
  );
  if (rows.length === 0) return;
  throw refused('missing_rights', 'This role may not quieten foreign keys, so putting rows back would reach rows of other tables.', {
    detail: rows.map(({ name, child }) => `${child}: foreign key ${name}`),
    state,
    next: `Let a superuser run: grant set on parameter session_replication_role to ${rows[0]!.me}; then run the same command again.`,
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

/** What switches triggers and rules of tables that we own `off`, and on `again`; `states` is an array of how they are enabled, as SQL. */
export const firing = (states: string): string => `select format('alter table %s disable %s %I', place, kind, name) as off,
    format('alter table %s enable %s%s %I', place, case enabled when 'A' then 'always ' when 'R' then 'replica ' else '' end, kind, name) as again
  from (
    select tgrelid as relation, tgname as name, 'trigger' as kind, tgenabled::text as enabled from pg_trigger where not tgisinternal and tgparentid = 0
    union all
    select ev_class, rulename, 'rule', ev_enabled::text from pg_rewrite where ev_type <> '1'
  ) as f join pg_class c on c.oid = f.relation join pg_namespace n on n.oid = c.relnamespace cross join lateral (select format('%I.%I', n.nspname, c.relname)) as named (place)
  where enabled = any (${states}) and c.relkind in ('r', 'p', 'f') and n.nspname not in ('supabase_migrations', 'pg_catalog') and pg_has_role(c.relowner, 'usage')`;
