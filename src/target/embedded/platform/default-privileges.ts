const api = 'postgres, anon, authenticated, service_role';

/** Who gives what on objects made later: by role, in schemas, to roles. */
const defaults: { by: string; schemas: string; to: string; grantable?: true }[] = [
  { by: 'postgres', schemas: 'public, storage', to: api },
  { by: 'supabase_admin', schemas: 'public, graphql, graphql_public, supabase_functions', to: api },
  { by: 'supabase_admin', schemas: 'extensions', to: 'postgres', grantable: true },
  { by: 'supabase_admin', schemas: 'realtime', to: 'postgres, dashboard_user' },
  { by: 'supabase_auth_admin', schemas: 'auth', to: 'postgres, dashboard_user' },
];

/** The default privileges of projects made before 30 May 2026, when the platform began to close public to API roles. */
export const defaultPrivileges = defaults
  .flatMap(({ by, schemas, to, grantable }) =>
    ['TABLES', 'SEQUENCES', 'FUNCTIONS'].map(
      (kind) =>
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${by} IN SCHEMA ${schemas} GRANT ALL ON ${kind} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''};`,
    ),
  )
  .join('\n');
