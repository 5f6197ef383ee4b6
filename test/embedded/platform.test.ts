import { describe, expect, test } from 'vitest';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { majors, testServer, withDatabase } from '../postgres/database.ts';
import { ensurePlatform } from '../../src/target/embedded/platform.ts';

const platformSchemas = `('auth', 'storage', 'realtime')`;

describe.each(majors)('a platform database of PostgreSQL %i', (major) => {
  test('has the tables, constraints, functions and default privileges of a fresh project', async () => {
    await withDatabase(major, async ({ settings }) => {
      const [counts] = await rows(
        settings,
        `SELECT
          (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r') AS auth_tables,
          (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'storage'::regnamespace AND relkind = 'r') AS storage_tables,
          (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'realtime'::regnamespace AND relkind IN ('r', 'p')) AS realtime_tables,
          (SELECT count(*)::int FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace
            WHERE nspname IN ${platformSchemas} AND contype IN ('p', 'u', 'f', 'c') AND conrelid <> 0) AS constraints,
          (SELECT count(*)::int FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname IN ${platformSchemas} AND relkind IN ('r', 'p') AND attnum > 0) AS columns,
          (SELECT count(*)::int FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
            WHERE nspname IN ${platformSchemas}) AS functions,
          (SELECT count(*)::int FROM pg_default_acl) AS default_privileges,
          (SELECT count(*)::int FROM pg_policy) AS policies`,
      );
      expect(counts).toEqual({
        auth_tables: 23,
        storage_tables: 10,
        realtime_tables: 3,
        constraints: 121,
        columns: 349,
        functions: 21,
        default_privileges: 27,
        policies: 0,
      });
    });
  });

  test('has the platform roles, without the memberships that were taken away from postgres', async () => {
    await withDatabase(major, async ({ settings }) => {
      const found = await rows(
        settings,
        `SELECT rolname::text AS name, concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END,
            CASE WHEN NOT rolinherit THEN 'noinherit' END, CASE WHEN rolcreaterole THEN 'createrole' END,
            CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcanlogin THEN 'login' END,
            CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END) AS attributes
          FROM pg_roles WHERE rolname ~ '^(anon|auth|dashboard|pgbouncer|postgres|service|supabase)' ORDER BY rolname COLLATE "C"`,
      );
      expect(Object.fromEntries(found.map((row) => [row.name, row.attributes]))).toEqual({
        anon: '',
        authenticated: '',
        authenticator: 'noinherit login',
        dashboard_user: 'createrole createdb replication',
        pgbouncer: 'login',
        postgres: 'createrole createdb login replication bypassrls',
        service_role: 'bypassrls',
        supabase_admin: 'superuser createrole createdb login replication bypassrls',
        supabase_auth_admin: 'noinherit createrole login',
        supabase_functions_admin: 'noinherit createrole login',
        supabase_read_only_user: 'login bypassrls',
        supabase_realtime_admin: 'noinherit',
        supabase_replication_admin: 'login replication',
        supabase_storage_admin: 'noinherit createrole login',
      });
      const memberships = await rows(
        settings,
        `SELECT pg_has_role('postgres', 'anon', 'MEMBER') AS anon,
          pg_has_role('postgres', 'supabase_auth_admin', 'MEMBER') AS auth,
          pg_has_role('postgres', 'supabase_storage_admin', 'MEMBER') AS storage`,
      );
      expect(memberships).toEqual([{ anon: true, auth: false, storage: false }]);
    });
  });

  test('auth.uid(), role(), email() and jwt() read the claims of the request', async () => {
    await withDatabase(major, async ({ settings }) => {
      const sub = '11111111-2222-3333-4444-555555555555';
      const claims = { sub, role: 'authenticated', email: 'jo@example.com' };
      const read = 'SELECT auth.uid() AS uid, auth.role() AS role, auth.email() AS email, auth.jwt() AS jwt';
      await withClient(settings, async (client) => {
        expect((await client.query(read)).rows).toEqual([{ uid: null, role: null, email: null, jwt: null }]);
        await client.query(`SELECT set_config('request.jwt.claims', $1, false)`, [JSON.stringify(claims)]);
        expect((await client.query(read)).rows).toEqual([{ uid: sub, role: 'authenticated', email: 'jo@example.com', jwt: claims }]);
        await client.query(`SET request.jwt.claims = ''; SET request.jwt.claim.sub = '${sub}'`);
        expect((await client.query('SELECT auth.uid() AS uid')).rows).toEqual([{ uid: sub }]);
      });
    });
  });

  test('anon can not read auth.users; postgres can, but not change the table', async () => {
    await withDatabase(major, async ({ settings }) => {
      expect(await refusal(settings, 'SET ROLE anon; SELECT * FROM auth.users')).toContain('permission denied');
      expect(await rows(settings, 'SELECT * FROM auth.users')).toEqual([]);
      expect(await refusal(settings, 'ALTER TABLE auth.users ADD COLUMN nickname text')).toContain('must be owner');
      expect(await refusal(settings, 'CREATE TABLE storage.mine (id int); CREATE INDEX ON auth.users (phone)')).toContain('must be owner');
    });
  });

  test('a new table of public is open to anon, as the platform had it', async () => {
    await withDatabase(major, async ({ settings }) => {
      await rows(settings, 'CREATE TABLE public.notes (id int); INSERT INTO public.notes VALUES (7)');
      expect(await rows(settings, `SELECT has_table_privilege('anon', 'public.notes', 'SELECT') AS may`)).toEqual([{ may: true }]);
      expect(
        await withClient(settings, async (client) => {
          await client.query('SET ROLE anon');
          return (await client.query('SELECT id FROM notes')).rows;
        }),
      ).toEqual([{ id: 7 }]);
    });
  });

  test('storage functions take a path apart, and a bucket can not be deleted by accident', async () => {
    await withDatabase(major, async ({ settings }) => {
      expect(
        await rows(
          settings,
          `SELECT storage.foldername('a/b/c.tar.gz') AS folder, storage.filename('a/b/c.tar.gz') AS file,
            storage.extension('a/b/c.tar.gz') AS extension`,
        ),
      ).toEqual([{ folder: ['a', 'b'], file: 'c.tar.gz', extension: 'gz' }]);
      await rows(settings, `INSERT INTO storage.buckets (id, name) VALUES ('avatars', 'avatars')`);
      expect(await refusal(settings, 'DELETE FROM storage.buckets')).toContain('Storage API');
      await rows(settings, `SET storage.allow_delete_query = 'true'; DELETE FROM storage.buckets`);
      expect(await rows(settings, 'SELECT id FROM storage.buckets')).toEqual([]);
    });
  });

  test('realtime.send never stops the change that caused it, and stores messages when there is a partition', async () => {
    await withDatabase(major, async ({ settings, superuser }) => {
      const send = `SELECT realtime.send('{"a": 1}', 'changed', 'room', false)`;
      await rows(settings, send);
      await rows(superuser, 'CREATE TABLE realtime.messages_all PARTITION OF realtime.messages DEFAULT');
      await rows(settings, send);
      expect(await rows(settings, 'SELECT topic, event, payload, private FROM realtime.messages')).toEqual([
        { topic: 'room', event: 'changed', payload: { a: 1 }, private: false },
      ]);
    });
  });

  test('extensions stand in schema extensions and are found without naming it', async () => {
    await withDatabase(major, async ({ settings }) => {
      expect(
        await rows(settings, `SELECT length(crypt('secret', gen_salt('bf'))) AS length, uuid_generate_v4() IS NOT NULL AS uuid`),
      ).toEqual([{ length: 60, uuid: true }]);
    });
  });

  test('postgres may add tables to the publication of the platform', async () => {
    await withDatabase(major, async ({ settings }) => {
      await rows(settings, 'CREATE TABLE notes (id int PRIMARY KEY); ALTER PUBLICATION supabase_realtime ADD TABLE notes');
      expect(await rows(settings, 'SELECT tablename::text FROM pg_publication_tables')).toEqual([{ tablename: 'notes' }]);
    });
  });

  test('shaping a database that is shaped already changes nothing', async () => {
    await withDatabase(major, async ({ name, settings }) => {
      const oid = `SELECT 'auth.users'::regclass::oid::text AS oid`;
      const before = await rows(settings, oid);
      await ensurePlatform(testServer(major), name);
      expect(await rows(settings, oid)).toEqual(before);
    });
  });
});

const rows = (settings: ConnectionSettings, sql: string): Promise<Record<string, unknown>[]> =>
  withClient(settings, async (client) => (await client.query(sql)).rows);

const refusal = (settings: ConnectionSettings, sql: string): Promise<string> =>
  rows(settings, sql).then(
    () => 'it was allowed',
    (error: Error) => error.message,
  );
