/** Second factors and passkeys. Run as supabase_auth_admin. */
export const authFactors = `
CREATE TYPE auth.factor_type AS ENUM ('totp', 'webauthn', 'phone');
CREATE TYPE auth.factor_status AS ENUM ('unverified', 'verified');
CREATE TABLE auth.mfa_factors (
  id uuid NOT NULL, user_id uuid NOT NULL, friendly_name text, factor_type auth.factor_type NOT NULL,
  status auth.factor_status NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, secret text,
  phone text, last_challenged_at timestamptz, web_authn_credential jsonb, web_authn_aaguid uuid,
  last_webauthn_challenge_data jsonb,
  CONSTRAINT mfa_factors_last_challenged_at_key UNIQUE (last_challenged_at),
  CONSTRAINT mfa_factors_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.mfa_challenges (
  id uuid NOT NULL, factor_id uuid NOT NULL, created_at timestamptz NOT NULL, verified_at timestamptz,
  ip_address inet NOT NULL, otp_code text, web_authn_session_data jsonb,
  CONSTRAINT mfa_challenges_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.mfa_amr_claims (
  session_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  authentication_method text NOT NULL, id uuid NOT NULL,
  CONSTRAINT amr_id_pk PRIMARY KEY (id),
  CONSTRAINT mfa_amr_claims_session_id_authentication_method_pkey UNIQUE (session_id, authentication_method)
);
CREATE TABLE auth.webauthn_credentials (
  id uuid DEFAULT gen_random_uuid() NOT NULL, user_id uuid NOT NULL, credential_id bytea NOT NULL,
  public_key bytea NOT NULL, attestation_type text DEFAULT '' NOT NULL, aaguid uuid,
  sign_count bigint DEFAULT 0 NOT NULL, transports jsonb DEFAULT '[]'::jsonb NOT NULL,
  backup_eligible boolean DEFAULT false NOT NULL, backed_up boolean DEFAULT false NOT NULL,
  friendly_name text DEFAULT '' NOT NULL, created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL, last_used_at timestamptz,
  CONSTRAINT webauthn_credentials_pkey PRIMARY KEY (id)
);
CREATE TABLE auth.webauthn_challenges (
  id uuid DEFAULT gen_random_uuid() NOT NULL, user_id uuid, challenge_type text NOT NULL, session_data jsonb NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL, expires_at timestamptz NOT NULL,
  CONSTRAINT webauthn_challenges_challenge_type_check
    CHECK (challenge_type = ANY (ARRAY['signup', 'registration', 'authentication'])),
  CONSTRAINT webauthn_challenges_pkey PRIMARY KEY (id)
);
`;
