import { storageTables } from './storage-tables.ts';

const functions = `
CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  parts text[] := string_to_array(name, '/');
BEGIN
  RETURN parts[1 : cardinality(parts) - 1];
END $$;
CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN regexp_replace(name, '^.*/', '');
END $$;
CREATE FUNCTION storage.extension(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN regexp_replace(regexp_replace(name, '^.*/', ''), '^.*\\.', '');
END $$;
CREATE FUNCTION storage.operation() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN current_setting('storage.operation', true);
END $$;
CREATE FUNCTION storage.allow_only_operation(expected_operation text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(regexp_replace(storage.operation(), '^storage\\.', '') = regexp_replace(expected_operation, '^storage\\.', ''), false)
$$;
CREATE FUNCTION storage.allow_any_operation(expected_operations text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM unnest(expected_operations) AS expected WHERE storage.allow_only_operation(expected))
$$;
CREATE FUNCTION storage.get_common_prefix(p_key text, p_prefix text, p_delimiter text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN position(p_delimiter IN substr(p_key, length(p_prefix) + 1)) > 0
    THEN left(p_key, length(p_prefix) + position(p_delimiter IN substr(p_key, length(p_prefix) + 1)) + length(p_delimiter) - 1)
  END
$$;
CREATE FUNCTION storage.get_size_by_bucket() RETURNS TABLE (size bigint, bucket_id text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
    SELECT sum((o.metadata ->> 'size')::bigint)::bigint, o.bucket_id FROM storage.objects AS o GROUP BY o.bucket_id;
END $$;
CREATE FUNCTION storage.can_insert_object(bucketid text, name text, owner uuid, metadata jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO storage.objects (bucket_id, name, owner, metadata) VALUES (bucketid, name, owner, metadata);
  RAISE SQLSTATE 'PT200' USING MESSAGE = 'ROLLBACK', DETAIL = 'the row would be accepted';
END $$;
`;

const triggers = `
CREATE FUNCTION storage.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE FUNCTION storage.enforce_bucket_name_length() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF length(NEW.name) > 100 THEN
    RAISE EXCEPTION 'A bucket name has at most 100 characters; "%" has %.', NEW.name, length(NEW.name);
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION storage.protect_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('storage.allow_delete_query', true), '') <> 'true' THEN
    RAISE EXCEPTION 'Rows of storage.% can not be deleted directly: use the Storage API.', TG_TABLE_NAME
      USING ERRCODE = '42501', HINT = 'The files would stay behind as orphans.';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects
  FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();
CREATE TRIGGER protect_objects_delete BEFORE DELETE ON storage.objects
  FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
CREATE TRIGGER enforce_bucket_name_length_trigger BEFORE INSERT OR UPDATE OF name ON storage.buckets
  FOR EACH ROW EXECUTE FUNCTION storage.enforce_bucket_name_length();
CREATE TRIGGER protect_buckets_delete BEFORE DELETE ON storage.buckets
  FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
`;

const access = `
GRANT ALL ON storage.buckets, storage.objects TO anon, authenticated, service_role;
GRANT ALL ON storage.buckets, storage.objects TO postgres WITH GRANT OPTION;
GRANT ALL ON storage.migrations TO anon, authenticated, service_role, postgres;
GRANT ALL ON storage.buckets_analytics TO service_role, authenticated, anon;
GRANT ALL ON storage.iceberg_namespaces, storage.iceberg_tables, storage.s3_multipart_uploads,
  storage.s3_multipart_uploads_parts TO service_role;
GRANT SELECT ON storage.iceberg_namespaces, storage.iceberg_tables, storage.s3_multipart_uploads,
  storage.s3_multipart_uploads_parts TO authenticated, anon;
GRANT SELECT ON storage.buckets_vectors, storage.vector_indexes TO service_role, authenticated, anon;
${[
  'buckets',
  'buckets_analytics',
  'buckets_vectors',
  'iceberg_namespaces',
  'iceberg_tables',
  'migrations',
  'objects',
  's3_multipart_uploads',
  's3_multipart_uploads_parts',
  'vector_indexes',
]
  .map((table) => `ALTER TABLE storage.${table} ENABLE ROW LEVEL SECURITY;`)
  .join('\n')}
`;

/** Schema storage, without its search and listing functions: only the Storage API calls those. */
export const storage = `
SET LOCAL ROLE supabase_storage_admin;
${storageTables}${functions}${triggers}${access}
RESET ROLE;
`;
