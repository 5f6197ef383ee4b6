import { diff, type Delta, type StableId } from '@supabase/pg-delta';
import type pg from 'pg';
import { describeDelta, sameFacts, type Facts } from './facts.ts';

/**
 * Every policy and trigger with its comment, and which functions there are, as one text: equal means equal. One quick query, for while others wait.
 * The client must be in a transaction.
 */
export async function readGuards(client: pg.ClientBase): Promise<string> {
  // Set and let go of by a savepoint: a setting that is reset and then set locally counts, after COMMIT, as one of the session.
  await client.query('savepoint supasnap_guards; set local search_path = pg_catalog');
  const { rows } = await client.query<{ guards: string }>(guardsQuery);
  await client.query('rollback to savepoint supasnap_guards; release savepoint supasnap_guards');
  return rows[0]!.guards;
}

const ours = "('pg_catalog', 'information_schema', 'supabase_migrations', 'pg_toast')";

const guardsQuery = `
select coalesce(string_agg(line, e'\\n' order by line collate "C"), '') as guards from (
  select concat_ws('|', 'policy', p.polrelid::regclass, quote_ident(p.polname), p.polcmd, p.polpermissive, (select string_agg(coalesce(r.rolname::text, 'public'), ',' order by r.rolname) from unnest(p.polroles) as o (oid) left join pg_roles r on r.oid = o.oid),
    'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy')) as line from pg_policy p
  union all
  select concat_ws('|', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')) from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and n.nspname not in ${ours}
  union all
  select concat_ws('|', 'function', f.oid::regprocedure) from pg_proc f join pg_namespace n on n.oid = f.pronamespace where n.nspname not in ${ours} and n.nspname not like 'pg\\_temp\\_%'
) lines`;

/** What differs from the goal, but for what equal guards rule out: policies, triggers, and functions that are to go. One line each. */
export const differencesBesideGuards = (goal: Facts, reached: Facts): string[] =>
  sameFacts(goal, reached)
    ? []
    : diff(goal.base, reached.base)
        .filter((delta) => !isGuarded(delta))
        .map(describeDelta);

function isGuarded(delta: Delta): boolean {
  switch (delta.verb) {
    case 'add':
      return isGuard(delta.fact.id) || isFunction(delta.fact.id);
    case 'remove':
      return isGuard(delta.fact.id);
    case 'set':
      return isGuard(delta.id);
    case 'link':
      return isGuard(delta.edge.from) || isFunction(delta.edge.from);
    case 'unlink':
      return isGuard(delta.edge.from);
  }
}

const isGuard = (id: StableId): boolean => (id.kind === 'comment' ? isGuard(id.target) : id.kind === 'policy' || id.kind === 'trigger');
const isFunction = (id: StableId): boolean =>
  id.kind === 'comment' || id.kind === 'acl' ? isFunction(id.target) : id.kind === 'function' || id.kind === 'procedure';
