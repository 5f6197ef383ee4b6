import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { refused, usage } from '../errors.ts';
import { nearest } from '../config/nearest.ts';
import { parseMigrationName, compareVersions } from './file-name.ts';
import { compareHistory, type HistoryComparison, type HistoryRow } from './order.ts';
import { listMigrations, readMigration, readMigrationText, type Migration, type MigrationText } from './read.ts';
import { findRenamed, type Renamed } from './renamed.ts';
import { historyStatements } from './statements.ts';

export interface LocalFile extends MigrationText {
  version: string;
  statements: string[];
  /** Path below the working folder, to show. */
  label: string;
}

export interface Chosen {
  migrations: (Migration & { label: string })[];
  comparison: HistoryComparison<LocalFile>;
  /** Named files that history already holds. */
  alreadyApplied: LocalFile[];
  notes: string[];
}

export interface ChooseOptions {
  workdir: string;
  folder: string;
  files: string[];
  includeAll: boolean;
  allowEdited: boolean;
  requireVersion: boolean;
  now?: Date;
}

/** Reads the migrations folder and history, and decides what is to be applied, in order. Throws a Problem at what must not be. */
export async function chooseMigrations(applied: HistoryRow[], options: ChooseOptions): Promise<Chosen> {
  const { local, notes } = await readLocal(options);
  const comparison = compareHistory(local, applied);
  const named = options.files.map((file) => findNamed(file, local, options));
  const alreadyApplied = named.filter((file) => comparison.applied.includes(file));
  const open = [...comparison.late, ...comparison.pending].sort((a, b) => compareVersions(a.version, b.version));
  const wanted = options.files.length > 0 ? open.filter((file) => named.includes(file)) : options.includeAll ? open : comparison.pending;

  refuseEdited(comparison, local, options);
  if (!options.allowEdited) refuseRenamed(await findRenamed(comparison, applied, ({ name }) => name.name));
  for (const file of wanted) parseMigrationName(basename(file.path), options);
  refuseOutOfOrder(wanted, open, comparison, options);
  const migrations: Chosen['migrations'] = [];
  for (const file of wanted) migrations.push({ ...(await readMigration(file.path, file.label, options.workdir)), label: file.label });
  if (comparison.missing.length > 0) {
    notes.push(`${comparison.missing.length} applied without a file here: ${comparison.missing.map(labelOf).join(', ')}.`);
  }
  return { migrations, comparison, alreadyApplied, notes };
}

/** Every migration file with its text; files that are no migrations become notes. */
export async function readLocal(options: Pick<ChooseOptions, 'workdir' | 'folder'>): Promise<{ local: LocalFile[]; notes: string[] }> {
  if (!existsSync(options.folder)) {
    throw usage('file_missing', `There is no folder ${relative(options.workdir, options.folder)} in ${options.workdir}.`, {
      state: 'Nothing was changed.',
      next: 'Run the command in the folder that holds supabase/, pass it with --workdir, or begin with: npx supasnap new v0.1.0 first',
    });
  }
  const { migrations, skipped, problems } = await listMigrations(options.folder);
  if (problems[0]) throw problems[0];
  const local: LocalFile[] = [];
  for (const { path } of migrations) {
    const label = relative(options.workdir, path);
    const read = await readMigrationText(path, label, options.workdir);
    local.push({ ...read, version: read.name.version, statements: historyStatements(read.text), label });
  }
  const notes = skipped.filter((name) => !name.startsWith('.')).map((name) => `Not a migration, left alone: ${name}`);
  return { local, notes };
}

/** The file that words mean: a path, or a name in the migrations folder. Throws a Problem when there is none. */
export function findNamed(
  file: string,
  local: LocalFile[],
  options: Pick<ChooseOptions, 'workdir' | 'folder' | 'requireVersion' | 'now'>,
): LocalFile {
  const paths = [resolve(options.workdir, file), join(options.folder, file), resolve(file)];
  const found = local.find((candidate) => paths.includes(candidate.path));
  if (found) return found;
  const here = paths.find((path) => existsSync(path));
  if (here) {
    parseMigrationName(basename(here), options);
    throw refused('bad_file_name', `${file} does not lie in ${relative(options.workdir, options.folder)}.`, {
      detail: ['The Supabase CLI would report it as applied without a local file.'],
      state: 'Nothing was changed.',
      next: `Move it there: mv ${file} ${relative(options.workdir, options.folder)}/`,
    });
  }
  const near = nearest(
    basename(file),
    local.map(({ path }) => basename(path)),
  );
  throw usage('file_missing', `There is no file ${file}.`, {
    state: 'Nothing was changed.',
    next: near
      ? `Did you mean ${relative(options.workdir, join(options.folder, near))}?`
      : 'Files and what was applied: npx supasnap status',
  });
}

function refuseEdited({ edited }: HistoryComparison<LocalFile>, local: LocalFile[], options: ChooseOptions): void {
  if (edited.length === 0 || options.allowEdited) return;
  const label = (version: string) => local.find((file) => file.version === version)!.label;
  throw refused(
    'edited',
    edited.length === 1
      ? `${label(edited[0]!.version)} was edited after it was applied.`
      : `${edited.length} files were edited after they were applied.`,
    {
      detail: edited.flatMap(({ version, firstDifference: { index, recorded, local: now } }) => [
        `${label(version)}, statement ${index + 1}:`,
        `  applied: ${oneLine(recorded)}`,
        `  file:    ${oneLine(now)}`,
      ]),
      state: 'Nothing was changed.',
      next: 'Undo the edit and put the change into a new migration, or go on with --allow-edited.',
    },
  );
}

function refuseRenamed(renamed: Renamed<LocalFile>[]): void {
  const [first] = renamed;
  if (!first) return;
  throw refused(
    'renamed',
    renamed.length === 1
      ? `${first.file.label} is applied already, as ${labelOf(first.row)}.`
      : `${renamed.length} files are applied already, under other names.`,
    {
      detail: [
        ...renamed.map(({ file, row }) => `${labelOf(row)} -> ${basename(file.path)}`),
        'Their statements are the same, and no file has the old name any more.',
      ],
      state: 'Nothing was changed.',
      next: `Record the new name: ${recordRenamed(renamed.map(({ file, row }) => ({ was: row.version, now: file.version })))}. Or rename it back. To run it once more: the same command with --allow-edited.`,
    },
  );
}

/** The command by which history takes over the new names. */
export const recordRenamed = (renamed: { was: string; now: string }[]): string =>
  `npx supasnap repair ${renamed.map(({ was, now }) => `--reverted ${was} --applied ${now}`).join(' ')}`;

const labelOf = ({ version, name }: HistoryRow): string => [version, name].filter(Boolean).join('_');

const oneLine = (text: string | undefined) => (text === undefined ? '(nothing)' : text.replace(/\s+/g, ' ').slice(0, 100));

function refuseOutOfOrder(
  wanted: LocalFile[],
  open: LocalFile[],
  { late, applied }: HistoryComparison<LocalFile>,
  options: ChooseOptions,
): void {
  if (options.includeAll) return;
  const lateOnes = options.files.length > 0 ? wanted.filter((file) => late.includes(file)) : late;
  if (lateOnes.length > 0) {
    throw refused(
      'out_of_order',
      `${lateOnes.map(({ label }) => label).join(', ')} ${lateOnes.length === 1 ? 'is' : 'are'} older than the newest applied migration (${applied.at(-1)?.version ?? 'in history'}).`,
      {
        state: 'Nothing was changed.',
        next: 'Give it a newer timestamp, or apply it all the same with --include-all.',
      },
    );
  }
  const skipped = open.filter((file) => !wanted.includes(file) && wanted.some((later) => compareVersions(file.version, later.version) < 0));
  if (skipped.length > 0) {
    throw refused(
      'out_of_order',
      `${skipped.map(({ label }) => label).join(', ')} ${skipped.length === 1 ? 'comes' : 'come'} before it and ${skipped.length === 1 ? 'is' : 'are'} not applied yet.`,
      {
        state: 'Nothing was changed.',
        next: 'Run "npx supasnap migrate" without a file to apply all in order, or go on with --include-all.',
      },
    );
  }
}
