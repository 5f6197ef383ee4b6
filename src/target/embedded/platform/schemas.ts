/**
 * The schemas of a fresh project. graphql and graphql_public are there, but empty: pg_graphql doesn't exist here. Left out:
 * pgsodium and vault, which belong wholly to extensions that don't exist here.
 */
export const schemas = `
CREATE SCHEMA auth AUTHORIZATION supabase_admin;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA auth TO supabase_auth_admin, dashboard_user, postgres;

CREATE SCHEMA extensions AUTHORIZATION postgres;
GRANT USAGE ON SCHEMA extensions TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA extensions TO dashboard_user;

CREATE SCHEMA graphql AUTHORIZATION supabase_admin;
CREATE SCHEMA graphql_public AUTHORIZATION supabase_admin;
GRANT USAGE ON SCHEMA graphql, graphql_public TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA graphql, graphql_public TO anon, authenticated, service_role;

CREATE SCHEMA pgbouncer AUTHORIZATION pgbouncer;

GRANT USAGE ON SCHEMA public TO postgres, anon, authenticated, service_role;

CREATE SCHEMA realtime AUTHORIZATION supabase_admin;
GRANT USAGE ON SCHEMA realtime TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA realtime TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA realtime TO supabase_realtime_admin;

CREATE SCHEMA storage AUTHORIZATION supabase_admin;
GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA storage TO postgres, supabase_storage_admin, dashboard_user;

CREATE SCHEMA supabase_functions AUTHORIZATION supabase_admin;
GRANT USAGE ON SCHEMA supabase_functions TO anon, authenticated, postgres, service_role;
GRANT ALL ON SCHEMA supabase_functions TO supabase_functions_admin;

CREATE SCHEMA supabase_migrations AUTHORIZATION postgres;
`;
