import { migrationName } from '../../src/migration/file-name.ts';
import { historyStatements } from '../../src/migration/statements.ts';
import { withClient } from '../../src/target/connection.ts';
import type { TestDatabase } from '../postgres/database.ts';

/** Applies migrations and records them as the Supabase CLI does; nothing of ours is in the database afterwards. */
export async function applyAsCli({ settings }: TestDatabase, files: Record<string, string>): Promise<void> {
  await withClient(settings, async (client) => {
    await client.query(`create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text)`);
    for (const [fileName, sql] of Object.entries(files)) {
      await client.query(sql);
      const { version, name } = migrationName(fileName)!;
      await client.query('insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)', [
        version,
        name,
        historyStatements(sql),
      ]);
    }
  });
}

/** The files as paths of a project. */
export const inMigrations = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`supabase/migrations/${name}`, text]));
