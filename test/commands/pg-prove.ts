import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import type { ConnectionSettings } from '../../src/target/connection.ts';

const find = (program: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** The real pg_prove, which "supabase test db" hands its tests to; it needs psql. */
export const pgProve = find('psql') && find('pg_prove');

if (!pgProve)
  console.warn(
    'No pg_prove is installed (Debian: apt-get install libtap-parser-sourcehandler-pgtap-perl postgresql-client): its tests are skipped.',
  );

/** Runs files through it, with the words that "supabase test db" gives it. */
export async function prove(database: ConnectionSettings, ...paths: string[]): Promise<{ passed: boolean; said: string }> {
  const { host, port, user, password } = database;
  const { exitCode, all } = await execa(pgProve!, ['--ext', '.pg', '--ext', '.sql', '-r', ...paths], {
    env: { PATH: process.env.PATH, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database.database },
    extendEnv: false,
    all: true,
    reject: false,
    stdin: 'ignore',
  });
  return { passed: exitCode === 0, said: all };
}
