import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { failed, Problem, usage } from '../errors.ts';
import { placeAt, type Source } from '../sql-error.ts';
import { decodeSql } from './decode.ts';
import { compareVersions, type MigrationName, migrationName } from './file-name.ts';
import { type MigrationHeader, parseHeader } from './header.ts';
import { joinPieces, nextInclude, refuseOpenEnd, type Include, type Piece } from './include.ts';
import { historyStatements, type Statement, splitStatements } from './statements.ts';

/** A migration file, read and found to be valid SQL. */
export interface Migration {
  path: string;
  name: MigrationName;
  /** The whole text without a byte order mark, with that of included files in its place; offsets in `statements` count in it. */
  text: string;
  /** The path to show, or where the parts of the text come from. */
  source: Source;
  /** Paths to show of the files that it includes. */
  includes: string[];
  /** Of the file's bytes, in hex; of the whole text where it includes others. */
  sha256: string;
  header: MigrationHeader;
  statements: Statement[];
  /** What the history table records of it. */
  history: string[];
  /** Things to know that are no errors. */
  notes: string[];
}

/** A migration file whose bytes are good text, not yet parsed. */
export interface MigrationText extends Pick<Migration, 'path' | 'name' | 'text' | 'source' | 'includes' | 'sha256'> {}

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

/**
 * Reads one migration, and refuses what could not run: wrong encoding, syntax errors, psql commands. `label` is the path to show, `project` the
 * folder that holds all files that it may include and that the paths of `\\i` count from.
 */
export async function readMigration(path: string, label = path, project = dirname(path)): Promise<Migration> {
  const read = await readMigrationText(path, label, project);
  const header = parseHeader(read.text, read.source);
  const statements = await splitStatements(read.text, read.source);
  const notes = statements.length === 0 ? ['The file holds no statements; only its version is recorded.'] : [];
  if (read.includes.length > 0) notes.push(`${label} includes ${read.includes.join(', ')}, which the Supabase CLI would not do.`);
  return { ...read, header, statements, history: historyStatements(read.text), notes };
}

/** Reads the bytes and text of one migration; enough to compare it with history. */
export async function readMigrationText(path: string, label = path, project = dirname(path)): Promise<MigrationText> {
  const name = migrationName(basename(path));
  if (!name)
    throw usage('bad_file_name', `${basename(path)} is not the name of a migration`, {
      next: 'Rename it to YYYYMMDDHHmmss_vX_Y_Z_description.sql',
    });
  const bytes = await readBytes(path, label);
  const own = decodeSql(bytes, label);
  const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
  if (!nextInclude(label, own, 0)) return { path, name, text: own, source: label, includes: [], sha256: sha256(bytes) };
  const pieces = await piecesOf({ path, label, text: own, within: [] }, project);
  const { text, source } = joinPieces(pieces);
  if (text.length > largestFile) throw tooLarge(`${label} with the files that it includes`, text.length);
  const includes = [...new Set(pieces.map(({ file }) => file))].filter((file) => file !== label);
  return { path, name, text, source, includes, sha256: sha256(text) };
}

interface IncludedFile {
  path: string;
  label: string;
  text: string;
  /** Real paths of the files that it is included from. */
  within: string[];
}

/** The file in pieces, with those of included files between them. */
async function piecesOf(file: IncludedFile, project: string): Promise<Piece[]> {
  const { label, text } = file;
  const within = [...file.within, await realpath(file.path)];
  const pieces: Piece[] = [];
  let from = 0;
  for (let include = nextInclude(label, text, from); include; include = nextInclude(label, text, from)) {
    pieces.push({ file: label, text, from, to: include.at, closes: false });
    pieces.push(...(await piecesOf(await readIncluded(file, include, within, project), project)));
    from = include.end;
  }
  if (file.within.length > 0) refuseOpenEnd(label, text, from);
  return [...pieces, { file: label, text, from, to: text.length, closes: file.within.length > 0 }];
}

/** The file that an include names. Throws a Problem, with the line of the include, at one that is not to be had, lies elsewhere, or includes itself. */
async function readIncluded(by: IncludedFile, include: Include, within: string[], project: string): Promise<IncludedFile> {
  const path = resolve(include.fromFile ? dirname(by.path) : project, include.path);
  const label = relative(project, path);
  const place = placeAt(by.label, by.text, include.at);
  const refuse = (message: string, next: string, cause?: unknown) =>
    failed('bad_sql', message, { place, state: 'Nothing was changed.', next, cause });
  try {
    const real = await realpath(path);
    if (isOutside(await realpath(project), real))
      throw refuse(`${include.path} lies outside of ${project}`, 'Copy it into the project: a migration must run the same everywhere.');
    if (within.includes(real))
      throw refuse(`${label} includes itself${by.path === path ? '' : ` through ${by.label}`}`, 'Take one of the two lines out.');
    return { path, label, text: await readSql(path, label), within };
  } catch (error) {
    const problem = error instanceof Problem ? error : unreadable(label, error);
    if (!(problem instanceof Problem)) throw problem;
    throw problem.place ? problem : refuse(problem.message, problem.next ?? 'Check the path.', error);
  }
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
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
      usage('bad_file_name', `${list.length} files have the version ${version}, and history has room for one`, {
        detail: list,
        state: 'Nothing was changed.',
        next: 'Give all but one another timestamp; keep the name of the one that was applied.',
      }),
    );
}

/** The text of one SQL file. Throws a Problem where it can't be read, is too large or is not UTF-8 text. `label` is the path to show. */
export const readSql = async (path: string, label = path): Promise<string> => decodeSql(await readBytes(path, label), label);

async function readBytes(path: string, label: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (!found.isFile())
      throw usage('file_missing', `${label} is not a file`, { state: 'Nothing was changed.', next: 'Give the path of one .sql file.' });
    if (found.size > largestFile) throw tooLarge(label, found.size);
    return await readFile(path);
  } catch (error) {
    throw unreadable(label, error);
  }
}

const tooLarge = (what: string, size: number) =>
  failed('file_too_large', `${what} has ${(size / 1e6).toFixed(0)} MB; the most that is read is ${largestFile / 1e6} MB`, {
    state: 'Nothing was changed.',
    next: 'Keep the schema in the migration and load the rows from a file of their own (psql, COPY).',
  });

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
  if (error instanceof Problem || !code) return error;
  return usage('file_missing', `${label} ${reasons[code] ?? `can not be read (${code})`}`, {
    state: 'Nothing was changed.',
    next: 'Check the path and its permissions.',
    cause: error,
  });
}
