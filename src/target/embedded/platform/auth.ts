import { authFactors } from './auth-factors.ts';
import { authForeignKeys } from './auth-foreign-keys.ts';
import { authOauth } from './auth-oauth.ts';
import { authSso } from './auth-sso.ts';
import { authUsers } from './auth-users.ts';

/** A claim of the request's token: set by itself (older API servers) or within the JSON of all claims. */
const claim = (name: string, type: string, path: string) => `
CREATE FUNCTION auth.${name}() RETURNS ${type} LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    nullif(current_setting('request.jwt.claim.${path}', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> '${path}'
  )::${type}
$$;`;

const functions = `
${claim('uid', 'uuid', 'sub')}
${claim('role', 'text', 'role')}
${claim('email', 'text', 'email')}
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA auth TO postgres, dashboard_user;
`;

const openTables = `auth.custom_oauth_providers, auth.oauth_authorizations, auth.oauth_client_states, auth.oauth_clients,
  auth.oauth_consents, auth.webauthn_challenges, auth.webauthn_credentials`;

/** Row security and grants; postgres may pass on SELECT, but not on the newer tables. */
const access = `
GRANT ALL ON ALL TABLES IN SCHEMA auth TO postgres, dashboard_user;
GRANT ALL ON ALL SEQUENCES IN SCHEMA auth TO postgres, dashboard_user;
GRANT SELECT ON ALL TABLES IN SCHEMA auth TO postgres WITH GRANT OPTION;
REVOKE GRANT OPTION FOR SELECT ON ${openTables} FROM postgres;
DO $$
DECLARE
  name regclass;
BEGIN
  FOR name IN
    SELECT oid FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r'
      AND oid <> ALL (string_to_array(regexp_replace('${openTables}', '\\s', '', 'g'), ',')::regclass[])
  LOOP
    EXECUTE 'ALTER TABLE ' || name || ' ENABLE ROW LEVEL SECURITY';
  END LOOP;
END $$;
`;

/** Schema auth: tables, functions, row security. */
export const auth = `
SET LOCAL ROLE supabase_auth_admin;
${authUsers}${authFactors}${authOauth}${authSso}${authForeignKeys}${functions}${access}
RESET ROLE;
`;
