/** Called by migrations that need a right which the hosted platform gives to postgres and a plain server does not. */
export const rightsFunction = 'supabase_migrations.supasnap_platform_rights';

/**
 * On the hosted platform the extension supautils lets postgres, no superuser, do certain things: policies and triggers on
 * platform tables, event triggers, publications of all tables, … Here this function makes postgres a superuser and ordinary
 * again, within one transaction, so a rollback undoes it too. The lock lets one transaction at a time do so: roles are shared
 * by all databases of a server, and the second change of the same role would fail.
 */
export const rightsSql = `
DO $$
BEGIN
  IF to_regnamespace('supabase_migrations') IS NULL THEN
    CREATE SCHEMA supabase_migrations AUTHORIZATION postgres;
  END IF;
END $$;
CREATE OR REPLACE FUNCTION ${rightsFunction}(granted boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;
  IF granted THEN
    ALTER ROLE postgres SUPERUSER;
  ELSE
    ALTER ROLE postgres NOSUPERUSER;
  END IF;
END $$;
REVOKE ALL ON FUNCTION ${rightsFunction}(boolean) FROM PUBLIC, anon, authenticated, service_role;
GRANT EXECUTE ON FUNCTION ${rightsFunction}(boolean) TO postgres;
COMMENT ON FUNCTION ${rightsFunction}(boolean) IS
  'supasnap: gives postgres, within a transaction, the rights that the hosted platform gives it, and takes them away again.';
`;

/** What the embedded server and shadows have in place of the hosted platform's supautils. */
export const rightsStatement = (granted: boolean) =>
  `do $rights$ begin if to_regprocedure('${rightsFunction}(boolean)') is not null and not (select rolsuper from pg_roles where rolname = session_user) = ${granted} then perform ${rightsFunction}(${granted}); end if; end $rights$`;
