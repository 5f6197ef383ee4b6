/** Sign-in: users, what they sign in with, their sessions and tokens. Run as supabase_auth_admin. */
export const authUsers = `
CREATE TYPE auth.aal_level AS ENUM ('aal1', 'aal2', 'aal3');
CREATE TYPE auth.code_challenge_method AS ENUM ('s256', 'plain');
CREATE TYPE auth.one_time_token_type AS ENUM (
  'confirmation_token', 'reauthentication_token', 'recovery_token', 'email_change_token_new',
  'email_change_token_current', 'phone_change_token'
);
CREATE SEQUENCE auth.refresh_tokens_id_seq;
CREATE TABLE auth.users (
  instance_id uuid, id uuid NOT NULL, aud varchar(255), role varchar(255), email varchar(255),
  encrypted_password varchar(255), email_confirmed_at timestamptz, invited_at timestamptz,
  confirmation_token varchar(255), confirmation_sent_at timestamptz, recovery_token varchar(255),
  recovery_sent_at timestamptz, email_change_token_new varchar(255), email_change varchar(255),
  email_change_sent_at timestamptz, last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb,
  is_super_admin boolean, created_at timestamptz, updated_at timestamptz, phone text DEFAULT NULL::varchar, phone_confirmed_at timestamptz,
  phone_change text DEFAULT ''::varchar, phone_change_token varchar(255) DEFAULT '', phone_change_sent_at timestamptz,
  confirmed_at timestamptz GENERATED ALWAYS AS (LEAST(email_confirmed_at, phone_confirmed_at)) STORED,
  email_change_token_current varchar(255) DEFAULT '', email_change_confirm_status smallint DEFAULT 0,
  banned_until timestamptz, reauthentication_token varchar(255) DEFAULT '', reauthentication_sent_at timestamptz,
  is_sso_user boolean DEFAULT false NOT NULL, deleted_at timestamptz, is_anonymous boolean DEFAULT false NOT NULL,
  CONSTRAINT users_email_change_confirm_status_check
    CHECK ((email_change_confirm_status >= 0) AND (email_change_confirm_status <= 2)),
  CONSTRAINT users_phone_key UNIQUE (phone), CONSTRAINT users_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.identities (
  provider_id text NOT NULL, user_id uuid NOT NULL, identity_data jsonb NOT NULL, provider text NOT NULL,
  last_sign_in_at timestamptz, created_at timestamptz, updated_at timestamptz,
  email text GENERATED ALWAYS AS (lower((identity_data ->> 'email'::text))) STORED,
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT identities_pkey PRIMARY KEY (id),
  CONSTRAINT identities_provider_id_provider_unique UNIQUE (provider_id, provider)
);
CREATE TABLE auth.sessions (
  id uuid NOT NULL, user_id uuid NOT NULL, created_at timestamptz, updated_at timestamptz, factor_id uuid,
  aal auth.aal_level, not_after timestamptz, refreshed_at timestamp, user_agent text, ip inet, tag text,
  oauth_client_id uuid, refresh_token_hmac_key text, refresh_token_counter bigint, scopes text,
  CONSTRAINT sessions_pkey PRIMARY KEY (id), CONSTRAINT sessions_scopes_length CHECK (char_length(scopes) <= 4096)
);
CREATE TABLE auth.refresh_tokens (
  instance_id uuid, id bigint DEFAULT nextval('auth.refresh_tokens_id_seq'::regclass) NOT NULL, token varchar(255),
  user_id varchar(255), revoked boolean, created_at timestamptz, updated_at timestamptz, parent varchar(255),
  session_id uuid,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id), CONSTRAINT refresh_tokens_token_unique UNIQUE (token)
);
CREATE TABLE auth.one_time_tokens (
  id uuid NOT NULL, user_id uuid NOT NULL, token_type auth.one_time_token_type NOT NULL, token_hash text NOT NULL,
  relates_to text NOT NULL, created_at timestamp DEFAULT now() NOT NULL, updated_at timestamp DEFAULT now() NOT NULL,
  CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id),
  CONSTRAINT one_time_tokens_token_hash_check CHECK (char_length(token_hash) > 0)
);
CREATE TABLE auth.flow_state (
  id uuid NOT NULL, user_id uuid, auth_code text, code_challenge_method auth.code_challenge_method,
  code_challenge text, provider_type text NOT NULL, provider_access_token text, provider_refresh_token text,
  created_at timestamptz, updated_at timestamptz, authentication_method text NOT NULL, auth_code_issued_at timestamptz,
  invite_token text, referrer text, oauth_client_state_id uuid, linking_target_id uuid,
  email_optional boolean DEFAULT false NOT NULL,
  CONSTRAINT flow_state_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.audit_log_entries (
  instance_id uuid, id uuid NOT NULL, payload json, created_at timestamptz, ip_address varchar(64) DEFAULT '' NOT NULL,
  CONSTRAINT audit_log_entries_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.instances (
  id uuid NOT NULL, uuid uuid, raw_base_config text, created_at timestamptz, updated_at timestamptz,
  CONSTRAINT instances_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.schema_migrations (
  version varchar(255) NOT NULL,
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
);
ALTER SEQUENCE auth.refresh_tokens_id_seq OWNED BY auth.refresh_tokens.id;
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE NOT is_sso_user;
CREATE INDEX users_instance_id_idx ON auth.users (instance_id);
CREATE INDEX identities_user_id_idx ON auth.identities (user_id);
CREATE INDEX sessions_user_id_idx ON auth.sessions (user_id);
CREATE INDEX refresh_tokens_session_id_revoked_idx ON auth.refresh_tokens (session_id, revoked);
`;
