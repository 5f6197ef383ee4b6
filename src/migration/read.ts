import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failed, type Problem, usage } from '../errors.ts';
import { decodeSql } from './decode.ts';
import { compareVersions, type MigrationName, migrationName } from './file-name.ts';
import { type MigrationHeader, parseHeader } from './header.ts';
import { historyStatements, type Statement, splitStatements } from './statements.ts';

/** A migration file, read and found to be valid SQL. */
export interface Migration {
  path: string;
  name: MigrationName;
  /** The whole text without a byte order mark; offsets in `statements` count in it. */
  text: string;
  /** Of the file's bytes, in hex. */
  sha256: string;
  header: MigrationHeader;
  statements: Statement[];
  /** What the history table records of it. */
  history: string[];
  /** Things to know that are no errors. */
  notes: string[];
}

/** A migration file whose bytes are good text, not yet parsed. */
export interface MigrationText extends Pick<Migration, 'path' | 'name' | 'text' | 'sha256'> {}

/** The files of a migrations folder. */
export interface MigrationFolder {
  /** In the CLI's order. */
  migrations: { path: string; name: MigrationName }[];
  /** Names that neither the CLI nor we apply. */
  skipped: string[];
  /** One for each version that several files claim. */
  problems: Problem[];
}

export const largestFile = 50_000_000;

/** Reads one migration, and refuses what could not run: wrong encoding, syntax errors, psql commands. `label` is the path to show. */
export async function readMigration(path: string, label = path): Promise<Migration> {
  const read = await readMigrationText(path, label);
  const header = parseHeader(read.text, label);
  const statements = await splitStatements(read.text, label);
  const notes = statements.length === 0 ? ['The file holds no statements; only its version is recorded.'] : [];
  return { ...read, header, statements, history: historyStatements(read.text), notes };
}

/** Reads the bytes and text of one migration; enough to compare it with history. */
export async function readMigrationText(path: string, label = path): Promise<MigrationText> {
  const name = migrationName(basename(path));
  if (!name)
    throw usage(`${basename(path)} is not the name of a migration`, {
      next: 'Rename it to YYYYMMDDHHmmss_vX_Y_Z_description.sql',
    });
  const bytes = await readBytes(path, label);
  return { path, name, text: decodeSql(bytes, label), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Lists a migrations folder the way the CLI does: files directly in it, others named as skipped. */
export async function listMigrations(folder: string): Promise<MigrationFolder> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const migrations: MigrationFolder['migrations'] = [];
  const skipped: string[] = [];
  for (const entry of entries) {
    const name = entry.isDirectory() ? undefined : migrationName(entry.name);
    if (name) migrations.push({ path: join(folder, entry.name), name });
    else skipped.push(entry.name);
  }
  migrations.sort((a, b) => compareVersions(a.name.version, b.name.version) || (a.name.name < b.name.name ? -1 : 1));
  return { migrations, skipped: skipped.sort(), problems: duplicates(migrations.map(({ name }) => name)) };
}

function duplicates(names: MigrationName[]): Problem[] {
  const files = new Map<string, string[]>();
  for (const { version, fileName } of names) files.set(version, [...(files.get(version) ?? []), fileName]);
  return [...files]
    .filter(([, list]) => list.length > 1)
    .map(([version, list]) =>
      usage(`${list.length} files have the version ${version}, and history has room for one`, {
        detail: list,
        state: 'Nothing was changed.',
        next: 'Give all but one another timestamp; keep the name of the one that was applied.',
      }),
    );
}

async function readBytes(path: string, label: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw usage(`${label} is not a file`, { state: 'Nothing was changed.', next: 'Give the path of one .sql file.' });
    if (found.size > largestFile)
      throw failed(
        `${label} has ${(found.size / 1e6).toFixed(0)} MB; the most that is read is ${largestFile / 1e6} MB`,
        {
          state: 'Nothing was changed.',
          next: 'Keep the schema in the migration and load the rows from a file of their own (psql, COPY).',
        },
      );
    return await readFile(path);
  } catch (error) {
    throw unreadable(label, error);
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ELOOP: 'is a symbolic link that leads back to itself',
  EISDIR: 'is a folder',
  ENOTDIR: 'lies under something that is not a folder',
  ENAMETOOLONG: 'has a name that is too long',
};

function unreadable(label: string, error: unknown): unknown {
  const code = (error as { code?: string }).code;
  if (!code) return error;
  return usage(`${label} ${reasons[code] ?? `can not be read (${code})`}`, {
    state: 'Nothing was changed.',
    next: 'Check the path and its permissions.',
    cause: error,
  });
}
