/** OAuth clients and providers. Run as supabase_auth_admin. */
export const authOauth = `
CREATE TYPE auth.oauth_authorization_status AS ENUM ('pending', 'approved', 'denied', 'expired');
CREATE TYPE auth.oauth_client_type AS ENUM ('public', 'confidential');
CREATE TYPE auth.oauth_registration_type AS ENUM ('dynamic', 'manual');
CREATE TYPE auth.oauth_response_type AS ENUM ('code');
CREATE TABLE auth.oauth_clients (
  id uuid NOT NULL, client_secret_hash text, registration_type auth.oauth_registration_type NOT NULL,
  redirect_uris text NOT NULL, grant_types text NOT NULL, client_name text, client_uri text, logo_uri text,
  created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL, deleted_at timestamptz,
  client_type auth.oauth_client_type DEFAULT 'confidential'::auth.oauth_client_type NOT NULL,
  token_endpoint_auth_method text NOT NULL,
  CONSTRAINT oauth_clients_client_name_length CHECK (char_length(client_name) <= 1024),
  CONSTRAINT oauth_clients_client_uri_length CHECK (char_length(client_uri) <= 2048),
  CONSTRAINT oauth_clients_logo_uri_length CHECK (char_length(logo_uri) <= 2048),
  CONSTRAINT oauth_clients_pkey PRIMARY KEY (id),
  CONSTRAINT oauth_clients_token_endpoint_auth_method_check
    CHECK (token_endpoint_auth_method = ANY (ARRAY['client_secret_basic', 'client_secret_post', 'none']))
);
CREATE TABLE auth.oauth_authorizations (
  id uuid NOT NULL, authorization_id text NOT NULL, client_id uuid NOT NULL, user_id uuid, redirect_uri text NOT NULL,
  scope text NOT NULL, state text, resource text, code_challenge text,
  code_challenge_method auth.code_challenge_method,
  response_type auth.oauth_response_type DEFAULT 'code'::auth.oauth_response_type NOT NULL,
  status auth.oauth_authorization_status DEFAULT 'pending'::auth.oauth_authorization_status NOT NULL,
  authorization_code text, created_at timestamptz DEFAULT now() NOT NULL,
  expires_at timestamptz DEFAULT (now() + '00:03:00'::interval) NOT NULL, approved_at timestamptz, nonce text,
  CONSTRAINT oauth_authorizations_authorization_code_key UNIQUE (authorization_code),
  CONSTRAINT oauth_authorizations_authorization_code_length CHECK (char_length(authorization_code) <= 255),
  CONSTRAINT oauth_authorizations_authorization_id_key UNIQUE (authorization_id),
  CONSTRAINT oauth_authorizations_code_challenge_length CHECK (char_length(code_challenge) <= 128),
  CONSTRAINT oauth_authorizations_expires_at_future CHECK (expires_at > created_at),
  CONSTRAINT oauth_authorizations_nonce_length CHECK (char_length(nonce) <= 255),
  CONSTRAINT oauth_authorizations_pkey PRIMARY KEY (id),
  CONSTRAINT oauth_authorizations_redirect_uri_length CHECK (char_length(redirect_uri) <= 2048),
  CONSTRAINT oauth_authorizations_resource_length CHECK (char_length(resource) <= 2048),
  CONSTRAINT oauth_authorizations_scope_length CHECK (char_length(scope) <= 4096),
  CONSTRAINT oauth_authorizations_state_length CHECK (char_length(state) <= 4096)
);
CREATE TABLE auth.oauth_consents (
  id uuid NOT NULL, user_id uuid NOT NULL, client_id uuid NOT NULL, scopes text NOT NULL,
  granted_at timestamptz DEFAULT now() NOT NULL, revoked_at timestamptz,
  CONSTRAINT oauth_consents_pkey PRIMARY KEY (id),
  CONSTRAINT oauth_consents_revoked_after_granted CHECK ((revoked_at IS NULL) OR (revoked_at >= granted_at)),
  CONSTRAINT oauth_consents_scopes_length CHECK (char_length(scopes) <= 2048),
  CONSTRAINT oauth_consents_scopes_not_empty CHECK (char_length(TRIM(BOTH FROM scopes)) > 0),
  CONSTRAINT oauth_consents_user_client_unique UNIQUE (user_id, client_id)
);
CREATE TABLE auth.oauth_client_states (
  id uuid NOT NULL, provider_type text NOT NULL, code_verifier text, created_at timestamptz NOT NULL,
  CONSTRAINT oauth_client_states_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.custom_oauth_providers (
  id uuid DEFAULT gen_random_uuid() NOT NULL, provider_type text NOT NULL, identifier text NOT NULL,
  name text NOT NULL, client_id text NOT NULL, client_secret text NOT NULL,
  acceptable_client_ids text[] DEFAULT '{}'::text[] NOT NULL, scopes text[] DEFAULT '{}'::text[] NOT NULL,
  pkce_enabled boolean DEFAULT true NOT NULL, attribute_mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
  authorization_params jsonb DEFAULT '{}'::jsonb NOT NULL, enabled boolean DEFAULT true NOT NULL,
  email_optional boolean DEFAULT false NOT NULL, issuer text, discovery_url text,
  skip_nonce_check boolean DEFAULT false NOT NULL, cached_discovery jsonb, discovery_cached_at timestamptz,
  authorization_url text, token_url text, userinfo_url text, jwks_uri text,
  created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL,
  custom_claims_allowlist text[] DEFAULT '{}'::text[] NOT NULL,
  CONSTRAINT custom_oauth_providers_authorization_url_https
    CHECK ((authorization_url IS NULL) OR (authorization_url LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_authorization_url_length
    CHECK ((authorization_url IS NULL) OR (char_length(authorization_url) <= 2048)),
  CONSTRAINT custom_oauth_providers_client_id_length
    CHECK ((char_length(client_id) >= 1) AND (char_length(client_id) <= 512)),
  CONSTRAINT custom_oauth_providers_discovery_url_length
    CHECK ((discovery_url IS NULL) OR (char_length(discovery_url) <= 2048)),
  CONSTRAINT custom_oauth_providers_identifier_format CHECK (identifier ~ '^[a-z0-9][a-z0-9:-]{0,48}[a-z0-9]$'),
  CONSTRAINT custom_oauth_providers_identifier_key UNIQUE (identifier),
  CONSTRAINT custom_oauth_providers_issuer_length
    CHECK ((issuer IS NULL) OR ((char_length(issuer) >= 1) AND (char_length(issuer) <= 2048))),
  CONSTRAINT custom_oauth_providers_jwks_uri_https CHECK ((jwks_uri IS NULL) OR (jwks_uri LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_jwks_uri_length CHECK ((jwks_uri IS NULL) OR (char_length(jwks_uri) <= 2048)),
  CONSTRAINT custom_oauth_providers_name_length CHECK ((char_length(name) >= 1) AND (char_length(name) <= 100)),
  CONSTRAINT custom_oauth_providers_oauth2_requires_endpoints
    CHECK ((provider_type <> 'oauth2') OR ((authorization_url IS NOT NULL) AND (token_url IS NOT NULL) AND (userinfo_url IS NOT NULL))),
  CONSTRAINT custom_oauth_providers_oidc_discovery_url_https
    CHECK ((provider_type <> 'oidc') OR (discovery_url IS NULL) OR (discovery_url LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_oidc_issuer_https
    CHECK ((provider_type <> 'oidc') OR (issuer IS NULL) OR (issuer LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_oidc_requires_issuer CHECK ((provider_type <> 'oidc') OR (issuer IS NOT NULL)),
  CONSTRAINT custom_oauth_providers_pkey PRIMARY KEY (id),
  CONSTRAINT custom_oauth_providers_provider_type_check CHECK (provider_type = ANY (ARRAY['oauth2', 'oidc'])),
  CONSTRAINT custom_oauth_providers_token_url_https CHECK ((token_url IS NULL) OR (token_url LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_token_url_length CHECK ((token_url IS NULL) OR (char_length(token_url) <= 2048)),
  CONSTRAINT custom_oauth_providers_userinfo_url_https
    CHECK ((userinfo_url IS NULL) OR (userinfo_url LIKE 'https://%')),
  CONSTRAINT custom_oauth_providers_userinfo_url_length
    CHECK ((userinfo_url IS NULL) OR (char_length(userinfo_url) <= 2048))
);
`;
