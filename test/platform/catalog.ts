import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';

/**
 * Everything of a database that a restore could miss, a line per entry, read from PostgreSQL's own catalogs and nothing of this program:
 * numbers of objects, places of columns and passwords left out. The settings are a superuser's.
 */
export const readCatalog = (superuser: ConnectionSettings): Promise<string[]> =>
  withClient(superuser, async (client) => {
    await client.query("select set_config('search_path', 'pg_catalog', false)");
    const lines: string[] = [];
    for (const query of queries) {
      const { rows } = await client.query<{ line: string | null }>(query);
      lines.push(...rows.map(({ line }) => line ?? ''));
    }
    return lines.sort();
  });

/** "- what was", "+ what is", one line per difference. */
export function catalogDifferences(before: string[], after: string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
  ];
}

const outside = (schema: string) => `${schema} !~ '^pg_' and ${schema} not in ('information_schema', 'supabase_migrations')`;
const grants = (acl: string, kind: string, owner: string) =>
  `lateral (select x.*, coalesce(r.rolname, 'PUBLIC') as grantee_name, pg_get_userbyid(x.grantor) as grantor_name
    from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) x left join pg_roles r on r.oid = x.grantee) g`;
const grant =
  "format('%s %s by %s%s', g.grantee_name, g.privilege_type, g.grantor_name, case when g.is_grantable then ' with grant option' else '' end)";

const queries: string[] = [
  `select format('policy %s', row_to_json(p)) as line from pg_policies p`,
  `select format('trigger %s: %s enabled %s', t.tgrelid::regclass, pg_get_triggerdef(t.oid), t.tgenabled) as line from pg_trigger t join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace where not t.tgisinternal and ${outside('nspname')}`,
  `select format('event trigger %s on %s %s %s enabled %s owner %s', evtname, evtevent, array(select a from unnest(evttags) a order by 1), evtfoid::regprocedure, evtenabled, pg_get_userbyid(evtowner)) as line from pg_event_trigger`,
  `select format('publication %s', to_jsonb(p) - 'oid' || jsonb_build_object('pubowner', pg_get_userbyid(pubowner))) as line from pg_publication p`,
  `select format('publication %s: %s', pubname, to_jsonb(t)) as line from pg_publication p, lateral (select schemaname, tablename, array(select a from unnest(attnames) a order by 1) as columns, rowfilter from pg_publication_tables t where t.pubname = p.pubname) t where not puballtables`,
  `select format('publication %s: schema %s', pubname, pnnspid::regnamespace) as line from pg_publication_namespace join pg_publication p on p.oid = pnpubid`,
  `select format('extension %s %s in %s', extname, extversion, extnamespace::regnamespace) as line from pg_extension`,
  `select format('relation %s %s: owner %s, row security %s %s, replica identity %s %s, options %s', c.oid::regclass, relkind, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, relreplident,
     (select indexrelid::regclass from pg_index i where i.indrelid = c.oid and indisreplident), reloptions) as line
   from pg_class c join pg_namespace n on n.oid = relnamespace where ${outside('nspname')} and relkind <> 't'`,
  `select format('column %s.%s: %s %s default %s generated %s identity %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end, pg_get_expr(d.adbin, d.adrelid), attgenerated, attidentity) as line
   from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
   where ${outside('nspname')} and attnum > 0 and not attisdropped and relkind <> 'i'`,
  `select format('constraint %s %s: %s validated %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid), convalidated) as line from pg_constraint k join pg_namespace n on n.oid = connamespace where ${outside('nspname')}`,
  `select format('index %s', pg_get_indexdef(indexrelid)) as line from pg_index join pg_class c on c.oid = indexrelid join pg_namespace n on n.oid = relnamespace where ${outside('nspname')}`,
  `select format('function %s owner %s: %s', f.oid::regprocedure, pg_get_userbyid(proowner), case when prokind <> 'a' then md5(pg_get_functiondef(f.oid)) end) as line from pg_proc f join pg_namespace n on n.oid = pronamespace where ${outside('nspname')}`,
  `select format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid)) as line from pg_class c join pg_namespace n on n.oid = relnamespace where ${outside('nspname')} and relkind in ('v', 'm')`,
  `select format('type %s %s owner %s: %s', t.oid::regtype, typtype, pg_get_userbyid(typowner), array(select enumlabel from pg_enum e where e.enumtypid = t.oid order by enumsortorder)) as line from pg_type t join pg_namespace n on n.oid = typnamespace where ${outside('nspname')}`,
  `select format('schema %s owner %s', nspname, pg_get_userbyid(nspowner)) as line from pg_namespace where ${outside('nspname')}`,
  `select format('comment on %s: %s', i.type || ' ' || i.identity, description) as line from pg_description d, pg_identify_object(classoid, objoid, objsubid) i where objoid >= 16384 and coalesce(i.schema, '') <> 'supabase_migrations'`,
  `select format('comment on role %s: %s', rolname, description) as line from pg_shdescription join pg_roles r on r.oid = objoid where classoid = 'pg_authid'::regclass`,
  `select format('role %s', to_jsonb(r) - 'oid' - 'rolpassword' - 'rolconfig' || jsonb_build_object('rolvaliduntil', nullif(rolvaliduntil, 'infinity'))) as line from pg_roles r where rolname !~ '^pg_'`,
  `select format('member %s in %s by %s: %s', member::regrole, roleid::regrole, grantor::regrole, to_jsonb(m) - 'oid' - 'member' - 'roleid' - 'grantor') as line from pg_auth_members m where member >= 16384`,
  `select format('setting of %s in %s: %s', case when setrole = 0 then 'all' else setrole::regrole::text end, case when setdatabase = 0 then 'all' else 'this database' end, v) as line from pg_db_role_setting s, unnest(setconfig) v
   where setdatabase in (0, (select oid from pg_database where datname = current_database()))`,
  `select format('server %s of %s %s owner %s options %s', srvname, fdwname, srvversion, pg_get_userbyid(srvowner), array(select o from unnest(srvoptions) o order by 1)) as line from pg_foreign_server s join pg_foreign_data_wrapper f on f.oid = srvfdw`,
  `select format('user mapping of %s on %s: %s', usename, srvname, array(select case when o ~ '^password=' then 'a password' else o end from unnest(umoptions) o order by 1)) as line from pg_user_mappings`,
  `select format('default privileges of %s in %s on %s: %s', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype, ${grant}) as line from pg_default_acl, lateral (select x.*, coalesce(r.rolname, 'PUBLIC') as grantee_name, pg_get_userbyid(x.grantor) as grantor_name from aclexplode(defaclacl) x left join pg_roles r on r.oid = x.grantee) g`,
  `select format('default privileges of %s in %s on %s are none', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype) as line from pg_default_acl where defaclacl = '{}'`,
  `select format('grant on relation %s: %s', c.oid::regclass, ${grant}) as line from pg_class c join pg_namespace n on n.oid = relnamespace, ${grants('relacl', 'r', 'relowner')} where ${outside('nspname')} and relkind in ('r', 'p', 'v', 'm', 'f')`,
  `select format('grant on sequence %s: %s', c.oid::regclass, ${grant}) as line from pg_class c join pg_namespace n on n.oid = relnamespace, ${grants('relacl', 's', 'relowner')} where ${outside('nspname')} and relkind = 'S'`,
  `select format('grant on column %s.%s: %s', attrelid::regclass, attname, ${grant}) as line from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace, ${grants('attacl', 'c', 'relowner')} where ${outside('nspname')} and attacl is not null`,
  `select format('grant on function %s: %s', f.oid::regprocedure, ${grant}) as line from pg_proc f join pg_namespace n on n.oid = pronamespace, ${grants('proacl', 'f', 'proowner')} where ${outside('nspname')}`,
  `select format('grant on schema %s: %s', nspname, ${grant}) as line from pg_namespace, ${grants('nspacl', 'n', 'nspowner')} where ${outside('nspname')}`,
  `select format('grant on type %s: %s', t.oid::regtype, ${grant}) as line from pg_type t join pg_namespace n on n.oid = typnamespace, ${grants('typacl', 'T', 'typowner')} where ${outside('nspname')} and typelem = 0`,
  `select format('grant on server %s: %s', srvname, ${grant}) as line from pg_foreign_server, ${grants('srvacl', 'S', 'srvowner')}`,
  `select format('grant on database: %s', ${grant}) as line from pg_database, ${grants('datacl', 'd', 'datdba')} where datname = current_database()`,
];

/** What roles of the API can do, whatever way it was given: "anon may SELECT public.notes". */
export const readAccess = (superuser: ConnectionSettings): Promise<string[]> =>
  withClient(superuser, async (client) => {
    await client.query("select set_config('search_path', 'pg_catalog', false)");
    const roles = "(values ('anon'), ('authenticated'), ('service_role'), ('public')) r(role)";
    const { rows } = await client.query<{ line: string }>(`
      select format('%s may %s %s', role, p, c.oid::regclass) as line from ${roles}, pg_class c join pg_namespace n on n.oid = relnamespace, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
      where ${outside('nspname')} and relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege(role, c.oid, p)
      union all select format('%s may %s %s', role, p, c.oid::regclass) from ${roles}, pg_class c join pg_namespace n on n.oid = relnamespace, unnest(array['USAGE', 'SELECT', 'UPDATE']) p
      where ${outside('nspname')} and relkind = 'S' and has_sequence_privilege(role, c.oid, p)
      union all select format('%s may call %s', role, f.oid::regprocedure) from ${roles}, pg_proc f join pg_namespace n on n.oid = pronamespace where ${outside('nspname')} and has_function_privilege(role, f.oid, 'EXECUTE')
      union all select format('%s may %s schema %s', role, p, nspname) from ${roles}, pg_namespace, unnest(array['USAGE', 'CREATE']) p where ${outside('nspname')} and has_schema_privilege(role, oid, p)
      order by 1`);
    return rows.map(({ line }) => line);
  });
