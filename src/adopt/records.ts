import { refused } from '../errors.ts';
import { compareChecksum } from './checksums.ts';
import type { EarlierMigration } from './earlier.ts';
import { fileOf, type HistoryColumns, type HistoryRow } from './history-columns.ts';

/** What the other tool's table says of a migration that is applied. */
export interface EarlierRecord {
  migration: EarlierMigration;
  /** ISO 8601 in UTC; null where the table does not say. */
  appliedAt: string | null;
  appliedBy: string | null;
  checksum: 'same' | 'other' | 'unknown' | 'none';
}

export interface EarlierRecords {
  /** One for each applied migration, in the order of the files. */
  applied: EarlierRecord[];
  notes: string[];
}

const nothing = 'Nothing was changed.';
const went = new Set([
  'applied',
  'success',
  'succeeded',
  'successful',
  'completed',
  'complete',
  'done',
  'ok',
  'executed',
  'migrated',
  'up',
  'finished',
]);
const undone = new Set(['rolled_back', 'rolledback', 'rolled back', 'reverted', 'undone', 'down', 'rollback']);

/** Reads the rows of a history table. Throws a Problem where what it says can't be taken over as it stands. `table` is shown. */
export function readRecords(rows: HistoryRow[], columns: HistoryColumns, migrations: EarlierMigration[], table: string): EarlierRecords {
  const found = new Map<EarlierMigration, HistoryRow>();
  const notes: string[] = [];
  const strangers = rows.filter((row) => !fileOf(row[columns.key], migrations)).map((row) => row[columns.key] ?? '(nothing)');
  if (strangers.length > 0) throw missing(strangers, migrations, table);
  for (const row of rows) {
    const migration = fileOf(row[columns.key], migrations)!;
    refuseContradiction(row, columns, migration, migrations, table);
    const outcome = outcomeOf(row, columns);
    if (outcome.failed) throw failedRow(migration, outcome.failed, table);
    const earlier = found.get(migration);
    if (earlier && outcomeOf(earlier, columns).undone !== outcome.undone) throw twice(migration, table);
    if (earlier) notes.push(`${table} names ${migration.label} more than once.`);
    else found.set(migration, row);
  }
  for (const [migration, row] of found) {
    if (!outcomeOf(row, columns).undone) continue;
    notes.push(`${migration.label} was undone, as ${table} says; it is pending.`);
    found.delete(migration);
  }
  const applied = migrations.flatMap((migration): EarlierRecord[] => {
    const row = found.get(migration);
    if (!row) return [];
    const value = (column: string | undefined) => (column === undefined ? null : (row[column] ?? null));
    const checksum = value(columns.checksum);
    return [
      {
        migration,
        appliedAt: value(columns.appliedAt),
        appliedBy: value(columns.appliedBy),
        checksum: checksum ? compareChecksum(checksum, migration.bytes) : 'none',
      },
    ];
  });
  return { applied, notes: [...new Set(notes), ...orderNotes(applied, table), ...checksumNotes(applied, columns, table)] };
}

function outcomeOf(
  row: HistoryRow,
  { success, failure, status, undoneAt, finishedAt }: HistoryColumns,
): { undone: boolean; failed?: string } {
  const says = (column: string) => `${column} is ${row[column] ?? 'empty'}`;
  if (undoneAt && row[undoneAt]) return { undone: true };
  const word = status && row[status]?.trim().toLowerCase();
  if (word && undone.has(word)) return { undone: true };
  if (word && !went.has(word)) return { undone: false, failed: says(status) };
  if (success && !isTrue(row[success])) return { undone: false, failed: says(success) };
  if (failure && isTrue(row[failure])) return { undone: false, failed: says(failure) };
  if (finishedAt && !row[finishedAt]) return { undone: false, failed: says(finishedAt) };
  return { undone: false };
}

const isTrue = (value: string | null | undefined): boolean => value === 'true' || value === '1';

function missing(names: string[], migrations: EarlierMigration[], table: string) {
  const near = names.flatMap((name) => {
    const digits = /\d+/.exec(name)?.[0];
    const file = digits && migrations.find(({ number }) => Number(number) === Number(digits));
    return file ? [`${name}: there is ${file.label}; was it renamed?`] : [name];
  });
  return refused(
    'file_missing',
    `${table} records ${names.length === 1 ? 'a migration that has' : `${names.length} migrations that have`} no file here.`,
    {
      detail: near.slice(0, 20),
      state: nothing,
      next: 'Get the files from version control, under the names that the table has, then run the command again.',
    },
  );
}

function refuseContradiction(
  row: HistoryRow,
  { key, alsoKeys }: HistoryColumns,
  migration: EarlierMigration,
  migrations: EarlierMigration[],
  table: string,
): void {
  for (const other of alsoKeys) {
    const named = fileOf(row[other], migrations);
    if (!named || named === migration) continue;
    throw refused('bad_history', `A row of ${table} names two files: ${key} says ${migration.fileName}, ${other} says ${named.fileName}.`, {
      state: nothing,
      next: 'Find out which of them was applied, and correct the row or the names of the files.',
    });
  }
}

const failedRow = (migration: EarlierMigration, says: string, table: string) =>
  refused('unfinished_run', `${migration.label} did not come to its end: in ${table} ${says}.`, {
    state: nothing,
    next: 'Finish or undo it with the tool that began it, so that the table tells what is true; then run the command again.',
  });

const twice = (migration: EarlierMigration, table: string) =>
  refused('bad_history', `${table} says of ${migration.label} both that it is applied and that it was undone.`, {
    state: nothing,
    next: 'Remove the row that is no longer true, then run the command again.',
  });

function orderNotes(applied: EarlierRecord[], table: string): string[] {
  const out = applied.find(
    ({ appliedAt }, index) => appliedAt && applied.slice(0, index).some((earlier) => earlier.appliedAt && earlier.appliedAt > appliedAt),
  );
  return out ? [`${out.migration.label} was applied before a file with a lower number, as ${table} says.`] : [];
}

function checksumNotes(applied: EarlierRecord[], { checksum }: HistoryColumns, table: string): string[] {
  const unknown = applied.filter((record) => record.checksum === 'unknown');
  const none = applied.filter((record) => record.checksum === 'none');
  if (applied.length === 0) return [];
  if (!checksum) return [`${table} has no checksums: whether a file was edited since it was applied is not known.`];
  return [
    ...(unknown.length > 0
      ? [
          `Checksums of ${unknown.length === applied.length ? 'all files' : unknown.map(({ migration }) => migration.label).join(', ')} are of a kind that is not known here, and were not compared.`,
        ]
      : []),
    ...(none.length > 0
      ? [
          `No checksum is recorded for ${none.length === applied.length ? 'any file' : none.map(({ migration }) => migration.label).join(', ')}.`,
        ]
      : []),
  ];
}

/** Throws a Problem where a file is not what it was when it was applied. */
export function refuseEditedSince(applied: EarlierRecord[], table: string): void {
  const edited = applied.filter(({ checksum }) => checksum === 'other');
  if (edited.length === 0) return;
  const all = edited.length > 1 && applied.every(({ checksum }) => checksum !== 'same');
  throw refused(
    'edited',
    all
      ? `None of the ${edited.length} checksums in ${table} is that of its file.`
      : edited.length === 1
        ? `${edited[0]!.migration.label} was edited after it was applied: its checksum in ${table} is another.`
        : `${edited.length} files were edited after they were applied: their checksums in ${table} are others.`,
    {
      detail: all
        ? ['All were edited, or the other tool takes its checksums in a way that is not known here.']
        : edited.map(({ migration }) => migration.label),
      state: nothing,
      next: 'Bring the files back to what was applied (version control has them), or take them over as they are with --allow-edited.',
    },
  );
}
