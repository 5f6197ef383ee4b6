/** Webhook tables (the function that sends needs pg_net, which doesn't exist here). */
const webhooks = `
SET LOCAL ROLE supabase_functions_admin;
CREATE TABLE supabase_functions.migrations (
  version text PRIMARY KEY, inserted_at timestamptz DEFAULT now() NOT NULL
);
CREATE TABLE supabase_functions.hooks (
  id bigserial PRIMARY KEY, hook_table_id integer NOT NULL, hook_name text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL, request_id bigint
);
GRANT ALL ON ALL TABLES IN SCHEMA supabase_functions TO postgres, anon, authenticated, service_role;
GRANT ALL ON ALL SEQUENCES IN SCHEMA supabase_functions TO postgres, anon, authenticated, service_role;
RESET ROLE;
`;

const extensions = `
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA extensions;
`;

const publication = `
CREATE PUBLICATION supabase_realtime;
ALTER PUBLICATION supabase_realtime OWNER TO postgres;
`;

/** The API server is told to read the schema again after each change of it. */
const eventTriggers = `
CREATE FUNCTION extensions.pgrst_ddl_watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY pgrst, 'reload schema';
END $$;
CREATE FUNCTION extensions.pgrst_drop_watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY pgrst, 'reload schema';
END $$;
CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end EXECUTE FUNCTION extensions.pgrst_ddl_watch();
CREATE EVENT TRIGGER pgrst_drop_watch ON sql_drop EXECUTE FUNCTION extensions.pgrst_drop_watch();
`;

/** What stands beside auth, storage and realtime. Event triggers come last: they would fire for each object made here. */
export const extras = `${webhooks}${extensions}${publication}${eventTriggers}`;
