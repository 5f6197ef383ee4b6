import { quoteText } from '../sql-names.ts';
import { platformSchemas } from './platform-names.ts';

/** What belongs to a database and is in no fact of pg-delta: what the whole server holds of it, and who gave what on objects of the platform. */
export interface ClusterFacts {
  /** The database that the settings are of. */
  database: string;
  /** By `clusterKey`, each as JSON. */
  entries: Record<string, string>;
  /** Versions, by name. */
  extensions: Record<string, string>;
  /** Rights on objects in schemas of the platform that a role of users gave: by what it is on and to whom. */
  givenByUsers: Record<string, string>;
}

/** `setting`: of a role ("" for all) in this database. `role`: what pg-delta leaves out of it. `predefined`: member of a role pg_…. `grant`: on the database. */
export type ClusterKey =
  | ['setting', role: string, name: string]
  | ['role', name: string]
  | ['comment', role: string]
  | ['options', member: string, role: string]
  | ['predefined', member: string, role: string]
  | ['grant', grantee: string];

export const clusterKey = (key: ClusterKey): string => JSON.stringify(key);
export const parseClusterKey = (key: string): ClusterKey => JSON.parse(key) as ClusterKey;

/** What is asked for the facts of the database of that name, by default the one connected to: one statement, so that it can go along with others. */
export const clusterFactsQuery = (ignoreRoles: Set<string>, database?: string): string =>
  queryOf({
    database: database === undefined ? 'null' : quoteText(database),
    ignored: textArray([...ignoreRoles]),
    platform: textArray(platformSchemas),
  });

const textArray = (texts: readonly string[]) => `array[${texts.map(quoteText).join(', ')}]::text[]`;

/** One row answers it. */
export interface ClusterFactsRow {
  database: string;
  entries: [ClusterKey, unknown][];
  extensions: Record<string, string>;
  given: Record<string, string>;
}

export function clusterFactsOf(row: ClusterFactsRow): ClusterFacts {
  const entries = Object.fromEntries(row.entries.map(([key, value]) => [clusterKey(key), JSON.stringify(value)]));
  return { database: row.database, entries: sorted(entries), extensions: sorted(row.extensions), givenByUsers: sorted(row.given) };
}

/** One line per difference, as a person would say it. A snapshot of an older version does not hold them: then none is known. */
export function clusterDifferences(from: ClusterFacts | undefined, to: ClusterFacts | undefined): string[] {
  if (!from || !to) return [];
  return changedKeys(from, to).map((key) => {
    const verb = from.entries[key] === undefined ? 'added' : to.entries[key] === undefined ? 'gone' : 'changed';
    return `${verb}: ${describeClusterKey(parseClusterKey(key))}`;
  });
}

/** The keys whose entries differ. */
export const changedKeys = (from: ClusterFacts, to: ClusterFacts): string[] =>
  [...new Set([...Object.keys(from.entries), ...Object.keys(to.entries)])].filter((key) => from.entries[key] !== to.entries[key]).sort();

/** Extensions that are there on both sides, in another version. */
export const versionChanges = (
  from: ClusterFacts | undefined,
  to: ClusterFacts | undefined,
): { name: string; from: string; to: string }[] =>
  Object.entries(from?.extensions ?? {}).flatMap(([name, version]) => {
    const other = to?.extensions[name];
    return other === undefined || other === version ? [] : [{ name, from: version, to: other }];
  });

/** "setting statement_timeout of role anon in this database". */
export function describeClusterKey(key: ClusterKey): string {
  const [kind, first, second] = key;
  switch (kind) {
    case 'setting':
      return `setting ${second} of ${first === '' ? 'all roles' : `role ${first}`} in this database`;
    case 'role':
      return `limits of role ${first}`;
    case 'comment':
      return `comment on role ${first}`;
    case 'options':
      return `options of the membership of ${first} in ${second}`;
    case 'predefined':
      return `membership of ${first} in ${second}`;
    case 'grant':
      return `grants to ${first} on this database`;
  }
}

const sorted = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

// What a newer server has beyond admin_option is read as JSON, so that one query does for all.
const queryOf = ({ database, ignored, platform }: { database: string; ignored: string; platform: string }) => `
with this as (
  select oid, datname::text as name, datacl, datdba from pg_catalog.pg_database where datname = coalesce(${database}, current_database())
), roles as (
  select oid, rolname::text as name, rolconnlimit, rolvaliduntil from pg_catalog.pg_roles where rolname !~ '^(pg_|cli_login_)' and rolname <> all (${ignored})
), members as (
  select m.name as member, r.rolname::text as role, jsonb_object_agg(o.key, o.value) as options
  from (
    select g.member, g.roleid, o.key, bool_or(o.value::boolean) as value
    from pg_catalog.pg_auth_members g, jsonb_each_text(to_jsonb(g)) o where o.key in ('admin_option', 'inherit_option', 'set_option') group by 1, 2, 3
  ) o join roles m on m.oid = o.member join pg_catalog.pg_roles r on r.oid = o.roleid and r.rolname <> all (${ignored})
  group by 1, 2
), entries as (
  select jsonb_build_array('setting', coalesce(r.name, ''), split_part(s.setting, '=', 1)) as key, to_jsonb(substr(s.setting, strpos(s.setting, '=') + 1)) as value
  from this join pg_catalog.pg_db_role_setting d on d.setdatabase = this.oid left join roles r on r.oid = d.setrole, unnest(d.setconfig) s(setting)
  where d.setrole = 0 or r.name is not null
  union all
  select jsonb_build_array('role', name), jsonb_build_object('limit', rolconnlimit, 'until', case when rolvaliduntil < 'infinity' then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"') end)
  from roles where rolconnlimit <> -1 or rolvaliduntil < 'infinity'
  union all
  select jsonb_build_array('comment', name), to_jsonb(description) from roles join pg_catalog.pg_shdescription d on d.objoid = roles.oid and d.classoid = 'pg_catalog.pg_authid'::regclass
  union all
  select jsonb_build_array(case when role like 'pg\\_%' then 'predefined' else 'options' end, member, role), case when role like 'pg\\_%' then options else options - 'admin_option' end
  from members where role like 'pg\\_%' or options ? 'inherit_option'
  union all
  select jsonb_build_array('grant', coalesce(r.rolname, 'PUBLIC')), jsonb_agg(x.privilege_type || case when x.is_grantable then '*' else '' end order by x.privilege_type)
  from this, pg_catalog.aclexplode(coalesce(this.datacl, pg_catalog.acldefault('d', this.datdba))) x left join pg_catalog.pg_roles r on r.oid = x.grantee where x.grantee <> this.datdba and coalesce(r.rolname, '') <> all (${ignored}) group by 1
), given as (
  select n.nspname || '.' || c.relname as what, x.* from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace, pg_catalog.aclexplode(c.relacl) x where n.nspname = any (${platform})
  union all
  select n.nspname || '.' || c.relname || '.' || a.attname, x.* from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace, pg_catalog.aclexplode(a.attacl) x
  where n.nspname = any (${platform}) and a.attnum > 0 and not a.attisdropped
  union all
  select n.nspname || '.' || f.proname, x.* from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace, pg_catalog.aclexplode(f.proacl) x where n.nspname = any (${platform})
  union all
  select n.nspname::text, x.* from pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) x where n.nspname = any (${platform})
)
select (select name from this) as database,
  (select coalesce(jsonb_agg(jsonb_build_array(key, value)), '[]') from entries) as entries,
  (select coalesce(jsonb_object_agg(extname, extversion), '{}') from pg_catalog.pg_extension) as extensions,
  (select coalesce(jsonb_object_agg(what || ' to ' || grantee, privileges), '{}') from (
    select what, case when grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(grantee)::text end as grantee, string_agg(privilege_type || case when is_grantable then '*' else '' end, ', ' order by privilege_type) as privileges
    from given where pg_catalog.pg_get_userbyid(grantor) !~ '^(supabase_|dashboard_user$|pgbouncer$)' group by 1, 2) g) as given`;
