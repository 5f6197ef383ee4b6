import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { majors, withDatabase, withEmptyDatabase } from './database.ts';

describe.each(majors)('PostgreSQL %i', (major) => {
  test('a test gets a database like a fresh Supabase project, as postgres, who is no superuser', async () => {
    await withDatabase(major, async ({ settings }) => {
      const result = await withClient(settings, (client) =>
        client.query(`SELECT current_setting('server_version_num')::int / 10000 AS major, usesuper, usename::text,
          to_regclass('auth.users')::text AS users FROM pg_user WHERE usename = current_user`),
      );
      expect(result.rows).toEqual([{ major, usesuper: false, usename: 'postgres', users: 'auth.users' }]);
    });
  });

  test('an empty database has nothing but public', async () => {
    await withEmptyDatabase(major, async ({ settings }) => {
      const result = await withClient(settings, (client) =>
        client.query(`SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_|information_schema'`),
      );
      expect(result.rows).toEqual([{ nspname: 'public' }]);
    });
  });

  test('a database is gone after its test, even if somebody is still connected', async () => {
    const { name, superuser } = await withDatabase(major, async (database) => database);
    const result = await withClient({ ...superuser, database: 'postgres' }, (client) =>
      client.query('SELECT FROM pg_database WHERE datname = $1', [name]),
    );
    expect(result.rowCount).toBe(0);
  });
});
