import type pg from 'pg';
import { quoteName } from '../target/connection.ts';

/**
 * A rollback does not undo PREPARE, so a second test with the same name would fail on the same connection. `restore` takes away
 * those of `names` that were not there before.
 */
export async function keepPreparedStatements(client: pg.ClientBase, names: readonly string[]): Promise<{ restore: () => Promise<void> }> {
  if (names.length === 0) return { restore: async () => {} };
  const before = new Set(await preparedAmong(client, names));
  return {
    restore: async () => {
      for (const name of await preparedAmong(client, names)) {
        if (!before.has(name)) await client.query(`DEALLOCATE ${quoteName(name)}`);
      }
    },
  };
}

async function preparedAmong(client: pg.ClientBase, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM pg_catalog.pg_prepared_statements WHERE name = ANY ($1::text[])',
    [names],
  );
  return rows.map(({ name }) => name);
}
