/** Buckets and objects. Run as supabase_storage_admin. */
export const storageTables = `
CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR');
CREATE TABLE storage.buckets (
  id text NOT NULL, name text NOT NULL, owner uuid, created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now(), public boolean DEFAULT false, avif_autodetection boolean DEFAULT false,
  file_size_limit bigint, allowed_mime_types text[], owner_id text,
  type storage.buckettype DEFAULT 'STANDARD'::storage.buckettype NOT NULL,
  versioning_status text DEFAULT 'DISABLED' NOT NULL,
  CONSTRAINT buckets_pkey PRIMARY KEY (id),
  CONSTRAINT buckets_versioning_dark_check CHECK (versioning_status = 'DISABLED'),
  CONSTRAINT buckets_versioning_standard_only_check
    CHECK ((type = 'STANDARD'::storage.buckettype) OR (versioning_status = 'DISABLED')),
  CONSTRAINT buckets_versioning_status_check
    CHECK (versioning_status = ANY (ARRAY['DISABLED', 'ENABLED', 'SUSPENDED']))
);
CREATE TABLE storage.buckets_analytics (
  name text NOT NULL, type storage.buckettype DEFAULT 'ANALYTICS'::storage.buckettype NOT NULL,
  format text DEFAULT 'ICEBERG' NOT NULL, created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL, id uuid DEFAULT gen_random_uuid() NOT NULL, deleted_at timestamptz,
  CONSTRAINT buckets_analytics_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.buckets_vectors (
  id text NOT NULL, type storage.buckettype DEFAULT 'VECTOR'::storage.buckettype NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT buckets_vectors_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.iceberg_namespaces (
  id uuid DEFAULT gen_random_uuid() NOT NULL, bucket_name text NOT NULL, name text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL, catalog_id uuid NOT NULL,
  CONSTRAINT iceberg_namespaces_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.iceberg_tables (
  id uuid DEFAULT gen_random_uuid() NOT NULL, namespace_id uuid NOT NULL, bucket_name text NOT NULL,
  name text NOT NULL, location text NOT NULL, created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL, remote_table_id text, shard_key text, shard_id text,
  catalog_id uuid NOT NULL,
  CONSTRAINT iceberg_tables_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.migrations (
  id integer NOT NULL, name varchar(100) NOT NULL, hash varchar(40) NOT NULL,
  executed_at timestamp DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT migrations_name_key UNIQUE (name), CONSTRAINT migrations_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.objects (
  id uuid DEFAULT gen_random_uuid() NOT NULL, bucket_id text, name text, owner uuid,
  created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
  last_accessed_at timestamptz DEFAULT now(), metadata jsonb,
  path_tokens text[] GENERATED ALWAYS AS (string_to_array(name, '/'::text)) STORED, version text, owner_id text,
  user_metadata jsonb, archived_at timestamptz, is_delete_marker boolean DEFAULT false NOT NULL,
  is_versioned boolean DEFAULT false NOT NULL,
  CONSTRAINT objects_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.s3_multipart_uploads (
  id text NOT NULL, in_progress_size bigint DEFAULT 0 NOT NULL, upload_signature text NOT NULL,
  bucket_id text NOT NULL, key text NOT NULL, version text NOT NULL, owner_id text,
  created_at timestamptz DEFAULT now() NOT NULL, user_metadata jsonb, metadata jsonb,
  CONSTRAINT s3_multipart_uploads_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.s3_multipart_uploads_parts (
  id uuid DEFAULT gen_random_uuid() NOT NULL, upload_id text NOT NULL, size bigint DEFAULT 0 NOT NULL,
  part_number integer NOT NULL, bucket_id text NOT NULL, key text NOT NULL, etag text NOT NULL, owner_id text,
  version text NOT NULL, created_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT s3_multipart_uploads_parts_pkey PRIMARY KEY (id)
);
CREATE TABLE storage.vector_indexes (
  id text DEFAULT gen_random_uuid() NOT NULL, name text NOT NULL, bucket_id text NOT NULL, data_type text NOT NULL,
  dimension integer NOT NULL, distance_metric text NOT NULL, metadata_configuration jsonb,
  created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT vector_indexes_pkey PRIMARY KEY (id)
);
ALTER TABLE storage.iceberg_namespaces ADD CONSTRAINT iceberg_namespaces_catalog_id_fkey
  FOREIGN KEY (catalog_id) REFERENCES storage.buckets_analytics(id) ON DELETE CASCADE;
ALTER TABLE storage.iceberg_tables ADD CONSTRAINT iceberg_tables_catalog_id_fkey
  FOREIGN KEY (catalog_id) REFERENCES storage.buckets_analytics(id) ON DELETE CASCADE;
ALTER TABLE storage.iceberg_tables ADD CONSTRAINT iceberg_tables_namespace_id_fkey
  FOREIGN KEY (namespace_id) REFERENCES storage.iceberg_namespaces(id) ON DELETE CASCADE;
ALTER TABLE storage.objects ADD CONSTRAINT "objects_bucketId_fkey"
  FOREIGN KEY (bucket_id) REFERENCES storage.buckets(id);
ALTER TABLE storage.s3_multipart_uploads ADD CONSTRAINT s3_multipart_uploads_bucket_id_fkey
  FOREIGN KEY (bucket_id) REFERENCES storage.buckets(id);
ALTER TABLE storage.s3_multipart_uploads_parts ADD CONSTRAINT s3_multipart_uploads_parts_bucket_id_fkey
  FOREIGN KEY (bucket_id) REFERENCES storage.buckets(id);
ALTER TABLE storage.s3_multipart_uploads_parts ADD CONSTRAINT s3_multipart_uploads_parts_upload_id_fkey
  FOREIGN KEY (upload_id) REFERENCES storage.s3_multipart_uploads(id) ON DELETE CASCADE;
ALTER TABLE storage.vector_indexes ADD CONSTRAINT vector_indexes_bucket_id_fkey
  FOREIGN KEY (bucket_id) REFERENCES storage.buckets_vectors(id);
CREATE UNIQUE INDEX bname ON storage.buckets (name);
CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
CREATE INDEX name_prefix_search ON storage.objects (name text_pattern_ops);
`;
