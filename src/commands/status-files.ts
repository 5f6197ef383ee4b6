import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Problem } from '../errors.ts';
import { listMigrations, readMigrationText } from '../migration/read.ts';
import { historyStatements } from '../migration/statements.ts';

/** A migration file, by its path below the working folder. */
export interface StatusFile {
  version: string;
  name: string;
  file: string;
  statements: string[];
}

export interface StatusFiles {
  files: StatusFile[];
  /** Files in the folder that neither the Supabase CLI nor we apply. */
  notMigrations: string[];
  /** Files that can't be read or share a version, a sentence each. */
  problems: string[];
}

/** Reads the migrations folder. Unlike migrate it goes on after a file that is no good: status shows all there is. */
export async function readFiles(workdir: string, folder: string): Promise<StatusFiles> {
  if (!existsSync(folder)) return { files: [], notMigrations: [], problems: [] };
  const { migrations, skipped, problems } = await listMigrations(folder);
  const told = problems.map(({ message, detail }) => `${message}: ${detail.join(', ')}`);
  const files = await Promise.all(
    migrations.map(async ({ path, name }): Promise<StatusFile[]> => {
      const file = relative(workdir, path);
      try {
        const { text } = await readMigrationText(path, file, workdir);
        return [{ version: name.version, name: name.name, file, statements: historyStatements(text) }];
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        told.push(error.message);
        return [];
      }
    }),
  );
  const notMigrations = skipped.filter((name) => !name.startsWith('.')).map((name) => relative(workdir, join(folder, name)));
  return { files: files.flat(), notMigrations, problems: told };
}
