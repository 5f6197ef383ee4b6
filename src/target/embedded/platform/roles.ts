/**
 * The roles of a fresh project: attributes, settings, and the roles each is a member of. Left out: pgsodium_* and
 * pgtle_admin, whose extensions don't exist here, and the memberships of postgres in supabase_auth_admin and
 * supabase_storage_admin, which the platform took away in April 2025.
 */
const roles: { name: string; attributes?: string; settings?: string[]; memberOf?: string }[] = [
  { name: 'anon', settings: ["statement_timeout = '3s'"] },
  { name: 'authenticated', settings: ["statement_timeout = '8s'"] },
  { name: 'service_role', attributes: 'BYPASSRLS' },
  {
    name: 'authenticator',
    attributes: 'LOGIN NOINHERIT',
    settings: ["statement_timeout = '8s'", "lock_timeout = '8s'"],
    memberOf: 'anon, authenticated, service_role',
  },
  { name: 'dashboard_user', attributes: 'CREATEROLE CREATEDB REPLICATION' },
  { name: 'pgbouncer', attributes: 'LOGIN' },
  {
    name: 'supabase_auth_admin',
    attributes: 'LOGIN NOINHERIT CREATEROLE',
    settings: ['search_path = auth', "idle_in_transaction_session_timeout = '60000'"],
  },
  { name: 'supabase_functions_admin', attributes: 'LOGIN NOINHERIT CREATEROLE', settings: ['search_path = supabase_functions'] },
  { name: 'supabase_read_only_user', attributes: 'LOGIN BYPASSRLS', memberOf: 'pg_read_all_data' },
  { name: 'supabase_realtime_admin', attributes: 'NOINHERIT' },
  { name: 'supabase_replication_admin', attributes: 'LOGIN REPLICATION' },
  {
    name: 'supabase_storage_admin',
    attributes: 'LOGIN NOINHERIT CREATEROLE',
    settings: ['search_path = storage'],
    memberOf: 'authenticator',
  },
  {
    name: 'postgres',
    attributes: 'LOGIN CREATEROLE CREATEDB REPLICATION BYPASSRLS',
    settings: ['search_path = "$user", public, extensions'],
    memberOf: 'pg_read_all_data, pg_monitor, pg_signal_backend, anon, authenticated, service_role, supabase_functions_admin',
  },
];

/**
 * Before 16, a role with CREATEROLE may change all ordinary roles (ALTER ROLE authenticator SET …); from 16 on only those it is
 * administrator of.
 */
const administration = `
GRANT anon, authenticated, service_role TO postgres WITH ADMIN OPTION;
GRANT authenticator TO postgres WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;`;

/** Makes the roles, once per server. supabase_admin is there already: it is the superuser that initdb made. */
export const rolesSql = (major: number): string =>
  [
    ...roles.flatMap(({ name, attributes = '', settings = [], memberOf }) => [
      `CREATE ROLE ${name} ${attributes};`,
      ...settings.map((setting) => `ALTER ROLE ${name} SET ${setting};`),
      ...(memberOf ? [`GRANT ${memberOf} TO ${name};`] : []),
    ]),
    ...(major >= 16 ? [administration] : []),
    'ALTER ROLE supabase_admin CREATEROLE CREATEDB REPLICATION BYPASSRLS;',
    'ALTER ROLE supabase_admin SET search_path = "$user", public, auth, extensions;',
  ].join('\n');
