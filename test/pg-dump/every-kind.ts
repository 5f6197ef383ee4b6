import { readFileSync } from 'node:fs';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';

const roles = ['dump_reader', 'dump_writer', '"Odd ""Role"""'];

/** Fills an empty database with objects of every kind, odd names and bodies that look like pg_dump's own lines. */
export const makeEveryKind = (superuser: ConnectionSettings): Promise<void> =>
  withClient(superuser, async (client) => {
    for (const role of roles) {
      // Roles outlive a test's database, and another test may be making the same one.
      await client.query(`CREATE ROLE ${role}`).catch(() => {});
    }
    await client.query(readFileSync(new URL('./every-kind.sql', import.meta.url), 'utf8'));
  });
