import type pg from 'pg';
import type { NeededRight } from '../migration/needed-rights.ts';

/** A right that the role has not, and why. */
export interface MissingRight extends NeededRight {
  reason: string;
}

/**
 * Which of the needed rights our role does not have on the target, told from its catalog and from what supautils lets it do; nothing is run and nothing
 * locked. Objects that are not there count as made on the way. Superusers, and role postgres of an embedded server, may do all of it.
 */
export async function missingRights(client: pg.ClientBase, needed: NeededRight[]): Promise<MissingRight[]> {
  if (needed.length === 0) return [];
  const powers = await readPowers(client);
  if (powers.all) return [];
  const { rows } = await client.query<Found>(foundQuery, [
    JSON.stringify(needed.map(({ kind, on, name }) => ({ kind, on, name: name ?? null }))),
    powers.policies,
    powers.triggers,
  ]);
  return needed.flatMap((need, at) => {
    const reason = reasonOf(need, rows[at]!, powers);
    return reason === undefined ? [] : [{ ...need, reason }];
  });
}

interface Powers {
  role: string;
  all: boolean;
  privileged: boolean;
  versionNum: number;
  policies: string[];
  triggers: string[];
  extensions: string[];
  /** Names of roles; with * behind it, its settings may be changed. */
  reserved: string[];
}

/** What supautils lets our role do, as its settings say; all of it where the role is a superuser, or may become one. */
export async function readPowers(client: pg.ClientBase): Promise<Powers> {
  const { rows } = await client.query<{
    role: string;
    all: boolean;
    privileged: boolean;
    version: number;
    policies: string | null;
    triggers: string | null;
    extensions: string | null;
    reserved: string | null;
  }>(`
    select current_user::text as role,
      (select rolsuper from pg_roles where rolname = current_user) or coalesce(has_function_privilege(to_regprocedure('supabase_migrations.supasnap_platform_rights(boolean)')::oid, 'execute'), false) as all,
      coalesce((select pg_has_role(oid, 'usage') from pg_roles where rolname = current_setting('supautils.privileged_role', true)), false) as privileged,
      current_setting('server_version_num')::int as version, current_setting('supautils.policy_grants', true) as policies, current_setting('supautils.drop_trigger_grants', true) as triggers,
      current_setting('supautils.privileged_extensions', true) as extensions, current_setting('supautils.reserved_roles', true) as reserved`);
  const { role, all, privileged, version, policies, triggers, extensions, reserved } = rows[0]!;
  return {
    role,
    all,
    privileged,
    versionNum: version,
    policies: grantsOf(policies, role),
    triggers: grantsOf(triggers, role),
    extensions: listOf(extensions),
    reserved: listOf(reserved),
  };
}

const listOf = (setting: string | null) =>
  (setting ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

/** Tables by role, as JSON. */
function grantsOf(setting: string | null, role: string): string[] {
  try {
    const tables = (JSON.parse(setting || '{}') as Record<string, unknown>)[role];
    return Array.isArray(tables) ? tables.filter((table): table is string => typeof table === 'string') : [];
  } catch {
    return [];
  }
}

/** What the catalog says of what a right is needed on; null where there is no such thing. */
interface Found {
  owner: string | null;
  owned: boolean | null;
  trigger: boolean | null;
  listed: boolean | null;
  there: boolean | null;
  free: boolean | null;
}

const foundQuery = `
with needed as (select at, n.*, case when kind in ('policy', 'drop trigger', 'create trigger') then to_regclass("on")::oid end as relation from jsonb_array_elements($1::jsonb) with ordinality as e (need, at), jsonb_to_record(need) as n (kind text, "on" text, name text))
select o.owner, pg_has_role(o.number, 'usage') as owned,
  case when n.kind = 'create trigger' then has_table_privilege(n.relation, 'TRIGGER') end as trigger,
  exists (select from unnest(case n.kind when 'policy' then $2::text[] else $3::text[] end) as t (name) where to_regclass(t.name)::oid = n.relation) as listed,
  case n.kind when 'policy' then exists (select from pg_policy where polrelid = n.relation and polname = n.name)
    when 'create extension' then exists (select from pg_extension where extname = n.on)
    when 'drop trigger' then exists (select from pg_trigger where tgrelid = n.relation and tgname = n.name) end as there,
  case when n.kind = 'create extension' then (select bool_or(not superuser or (trusted and has_database_privilege(current_database(), 'CREATE'))) from pg_available_extension_versions where name = n.on) end as free
from needed n left join lateral (
  select r.oid as number, r.rolname::text as owner from pg_roles r where r.oid = case n.kind
    when 'extension' then (select extowner from pg_extension where extname = n.on)
    when 'event trigger' then (select evtowner from pg_event_trigger where evtname = n.on)
    when 'wrapper' then (select fdwowner from pg_foreign_data_wrapper where fdwname = n.on)
    else (select relowner from pg_class where oid = n.relation) end) o on true
order by n.at`;

function reasonOf({ kind, on, ifExists }: NeededRight, found: Found, powers: Powers): string | undefined {
  const isOwners = `it belongs to ${found.owner}`;
  switch (kind) {
    case 'policy':
      if (found.owner === null || found.owned || found.listed || (ifExists && !found.there)) return undefined;
      return `${isOwners}, and supautils.policy_grants does not list it for ${powers.role}`;
    case 'drop trigger':
      if (found.owner === null || found.owned || found.listed || (ifExists && !found.there)) return undefined;
      return `${isOwners}, and supautils.drop_trigger_grants does not list it for ${powers.role}`;
    case 'create trigger':
      return found.owner === null || found.owned || found.trigger
        ? undefined
        : `${isOwners}, and ${powers.role} has no right to make triggers there`;
    case 'create extension':
      if ((ifExists && found.there) || found.free || (found.free !== null && powers.extensions.includes(on))) return undefined;
      return found.free === null
        ? 'this server has no such extension to install'
        : `it asks for a superuser, and supautils.privileged_extensions does not list it`;
    case 'extension':
      return found.owner === null || found.owned || powers.extensions.includes(on) ? undefined : isOwners;
    case 'event trigger':
    case 'wrapper':
      return found.owner === null || found.owned ? undefined : isOwners;
    case 'create event trigger':
    case 'create wrapper':
    case 'all tables':
      return powers.privileged ? undefined : 'only a superuser may';
    case 'role attribute':
      return powers.privileged || powers.versionNum >= 160_000 ? undefined : 'only a superuser may give BYPASSRLS or REPLICATION';
    case 'role':
      return powers.reserved.some((role) => role.replace(/\*$/, '') === on) ? 'supautils reserves that role' : undefined;
    case 'role setting':
      return powers.reserved.includes(on) ? 'supautils reserves that role, its settings too' : undefined;
  }
}
