/** Single sign-on. Run as supabase_auth_admin. */
export const authSso = `
CREATE TABLE auth.sso_providers (
  id uuid NOT NULL, resource_id text, created_at timestamptz, updated_at timestamptz, disabled boolean,
  CONSTRAINT "resource_id not empty" CHECK ((resource_id = NULL::text) OR (char_length(resource_id) > 0)),
  CONSTRAINT sso_providers_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.sso_domains (
  id uuid NOT NULL, sso_provider_id uuid NOT NULL, domain text NOT NULL, created_at timestamptz, updated_at timestamptz,
  CONSTRAINT "domain not empty" CHECK (char_length(domain) > 0), CONSTRAINT sso_domains_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.saml_providers (
  id uuid NOT NULL, sso_provider_id uuid NOT NULL, entity_id text NOT NULL, metadata_xml text NOT NULL,
  metadata_url text, attribute_mapping jsonb, created_at timestamptz, updated_at timestamptz, name_id_format text,
  CONSTRAINT "entity_id not empty" CHECK (char_length(entity_id) > 0),
  CONSTRAINT "metadata_url not empty" CHECK ((metadata_url = NULL::text) OR (char_length(metadata_url) > 0)),
  CONSTRAINT "metadata_xml not empty" CHECK (char_length(metadata_xml) > 0),
  CONSTRAINT saml_providers_entity_id_key UNIQUE (entity_id), CONSTRAINT saml_providers_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.saml_relay_states (
  id uuid NOT NULL, sso_provider_id uuid NOT NULL, request_id text NOT NULL, for_email text, redirect_to text,
  created_at timestamptz, updated_at timestamptz, flow_state_id uuid,
  CONSTRAINT "request_id not empty" CHECK (char_length(request_id) > 0),
  CONSTRAINT saml_relay_states_pkey PRIMARY KEY (id)
);
`;
