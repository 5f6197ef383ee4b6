const tables = `
CREATE TYPE realtime.action AS ENUM ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
CREATE TYPE realtime.equality_op AS ENUM ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in');
CREATE TYPE realtime.user_defined_filter AS (column_name text, op realtime.equality_op, value text);
CREATE FUNCTION realtime.to_regrole(role_name text) RETURNS regrole LANGUAGE sql IMMUTABLE AS $$ SELECT role_name::regrole $$;
CREATE TABLE realtime.messages (
  topic text NOT NULL, extension text NOT NULL, payload jsonb, event text, private boolean DEFAULT false,
  updated_at timestamp DEFAULT now() NOT NULL, inserted_at timestamp DEFAULT now() NOT NULL,
  id uuid DEFAULT gen_random_uuid() NOT NULL, binary_payload bytea,
  CONSTRAINT messages_pkey PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at);
ALTER TABLE realtime.messages ADD CONSTRAINT messages_payload_exclusive
  CHECK (payload IS NULL OR binary_payload IS NULL) NOT VALID;
ALTER TABLE realtime.messages ENABLE ROW LEVEL SECURITY;
CREATE TABLE realtime.subscription (
  id bigint GENERATED ALWAYS AS IDENTITY, subscription_id uuid NOT NULL, entity regclass NOT NULL,
  filters realtime.user_defined_filter[] DEFAULT '{}'::realtime.user_defined_filter[] NOT NULL, claims jsonb NOT NULL,
  claims_role regrole GENERATED ALWAYS AS (realtime.to_regrole(claims ->> 'role')) STORED NOT NULL,
  created_at timestamp DEFAULT timezone('utc', now()) NOT NULL, action_filter text DEFAULT '*', selected_columns text[],
  CONSTRAINT pk_subscription PRIMARY KEY (id),
  CONSTRAINT subscription_action_filter_check CHECK (action_filter = ANY (ARRAY['*', 'INSERT', 'UPDATE', 'DELETE']))
);
GRANT ALL ON realtime.messages, realtime.subscription TO postgres, dashboard_user;
GRANT SELECT, INSERT, UPDATE ON realtime.messages TO anon, authenticated, service_role;
GRANT SELECT ON realtime.subscription TO anon, authenticated, service_role;
`;

/** A message that can't be sent is a warning, so that it never stops the change that caused it. */
const functions = `
CREATE FUNCTION realtime.topic() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT nullif(current_setting('realtime.topic', true), '')
$$;
CREATE FUNCTION realtime.send(payload jsonb, event text, topic text, private boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('realtime.topic', topic, true);
  INSERT INTO realtime.messages (payload, event, topic, private, extension)
    VALUES (send.payload, send.event, send.topic, send.private, 'broadcast');
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'realtime.send: %', SQLERRM;
END $$;
CREATE FUNCTION realtime.send_binary(payload bytea, event text, topic text, private boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('realtime.topic', topic, true);
  INSERT INTO realtime.messages (binary_payload, event, topic, private, extension)
    VALUES (send_binary.payload, send_binary.event, send_binary.topic, send_binary.private, 'broadcast');
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'realtime.send_binary: %', SQLERRM;
END $$;
CREATE FUNCTION realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
  level text DEFAULT 'ROW'
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF level = 'STATEMENT' THEN
    RAISE EXCEPTION 'realtime.broadcast_changes works for each row, not for each statement.';
  END IF;
  IF operation NOT IN ('INSERT', 'UPDATE', 'DELETE') THEN
    RAISE EXCEPTION 'realtime.broadcast_changes does not know the operation %.', operation;
  END IF;
  PERFORM realtime.send(
    jsonb_build_object('schema', table_schema, 'table', table_name, 'operation', operation,
      'record', to_jsonb(new), 'old_record', to_jsonb(old)),
    event_name, topic_name);
END $$;
`;

/**
 * Schema realtime. Left out: what reads the write-ahead log for the Realtime server (apply_rls, list_changes and their
 * parts), for nothing here would call it.
 */
export const realtime = `
SET LOCAL ROLE supabase_realtime_admin;
${tables}${functions}
RESET ROLE;
CREATE TABLE realtime.schema_migrations (
  version bigint NOT NULL, inserted_at timestamp(0),
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
);
GRANT ALL ON realtime.schema_migrations TO supabase_admin;
`;
