import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { historySchema } from '../../src/history/schema.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, ownServers, type TestDatabase, withDatabase } from '../postgres/database.ts';

ownServers();

/** What of schema supabase_migrations an API role may do, each as `role privilege object`. */
const reachable = `
  with api (role) as (values ('anon'), ('authenticated'), ('service_role'))
  select format('%s schema', role) as may from api where has_schema_privilege(role, 'supabase_migrations', 'usage') or has_schema_privilege(role, 'supabase_migrations', 'create')
  union all
  select format('%s %s %s', role, privilege, c.oid::regclass) from api, pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
    where c.relnamespace = 'supabase_migrations'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and has_table_privilege(role, c.oid, privilege)
  union all
  select format('%s column %s', role, c.oid::regclass) from api, pg_class c
    where c.relnamespace = 'supabase_migrations'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and has_any_column_privilege(role, c.oid, 'select, insert, update, references')
  union all
  select format('%s %s', role, c.oid::regclass) from api, pg_class c
    where c.relnamespace = 'supabase_migrations'::regnamespace and c.relkind = 'S' and has_sequence_privilege(role, c.oid, 'usage, select, update')
  union all
  select format('%s %s', role, p.oid::regprocedure) from api, pg_proc p where p.pronamespace = 'supabase_migrations'::regnamespace and has_function_privilege(role, p.oid, 'execute')
  order by 1`;

const everyone = ['public', 'anon', 'authenticated', 'service_role'];

describe.each(majors)('on PostgreSQL %i nothing in schema supabase_migrations is reachable by the API roles', (major) => {
  test('whatever default privileges of any role say, and when everything was opened by hand before', () =>
    withDatabase(major, (database) =>
      withReaders(database, async (readers) => {
        await withClient(database.superuser, async (client) => {
          await client.query('drop schema if exists supabase_migrations cascade');
          for (const owner of ['postgres', 'supabase_admin', 'anon', 'authenticated', 'service_role', readers]) {
            for (const kind of ['tables', 'sequences', 'functions', 'schemas', 'types']) {
              await client.query(`alter default privileges for role ${owner} grant all on ${kind} to ${[...everyone, readers].join(', ')}`);
            }
          }
        });
        await withClient(database.settings, async (client) => {
          // Without our hand in it, all of it would be open.
          await client.query(
            'create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)',
          );
          expect((await mayDo(client)).length).toBeGreaterThan(20);
          await client.query(historySchema);
          await client.query(
            "create table supabase_migrations.supasnap_kept_1 as select 1 as secret; select supabase_migrations.supasnap_close('supasnap_kept_1')",
          );
          expect(await mayDo(client)).toEqual([]);

          const all = [...everyone, readers].join(', ');
          await client.query(`grant all on schema supabase_migrations to ${all} with grant option`.replace('public, ', ''));
          await client.query(`grant all on schema supabase_migrations to public; grant all on all tables in schema supabase_migrations to ${all}; grant all on all sequences in schema supabase_migrations to ${all};
            grant all on all routines in schema supabase_migrations to ${all}; grant select (sha256) on supabase_migrations.supasnap_states to anon`);
          expect((await mayDo(client)).length).toBeGreaterThan(100);
          await client.query(historySchema);
          expect(await mayDo(client)).toEqual([]);
          for (const role of everyone.slice(1)) {
            await client.query(`set role ${role}`);
            await expect(client.query('select * from supabase_migrations.supasnap_kept_1')).rejects.toThrow(
              'permission denied for schema supabase_migrations',
            );
            await client.query('reset role');
          }
        });
      }),
    ));

  test('and a role of the team that was let in stays in', () =>
    withDatabase(major, (database) =>
      withReaders(database, async (readers) => {
        await withClient(database.superuser, (client) => client.query(`revoke ${readers} from anon`));
        await withClient(database.settings, async (client) => {
          await client.query(historySchema);
          await client.query(
            `grant usage on schema supabase_migrations to ${readers}; grant select on supabase_migrations.supasnap_runs to ${readers}`,
          );
          await client.query(historySchema);
          const { rows } = await client.query(
            `select has_schema_privilege('${readers.slice(1, -1)}', 'supabase_migrations', 'usage') and has_table_privilege('${readers.slice(1, -1)}', 'supabase_migrations.supasnap_runs', 'select') as still`,
          );
          expect(rows).toEqual([{ still: true }]);
        });
      }),
    ));
});

const mayDo = async (client: pg.Client): Promise<string[]> => (await client.query<{ may: string }>(reachable)).rows.map(({ may }) => may);

/** A role of which anon is a member. */
async function withReaders(database: TestDatabase, use: (role: string) => Promise<void>): Promise<void> {
  const role = `"Readers ${randomBytes(4).toString('hex')}"`;
  await withClient(database.superuser, (client) => client.query(`create role ${role}; grant ${role} to anon`));
  try {
    await use(role);
  } finally {
    await withClient(database.superuser, (client) => client.query(`drop owned by ${role}; drop role ${role}`));
  }
}
