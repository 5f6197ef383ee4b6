import { sameNumber, type EarlierMigration } from './earlier.ts';

/** A column of the other tool's table. `kind` is what its values are told as: times in ISO 8601, the rest as text. */
export interface HistoryColumn {
  name: string;
  kind: 'text' | 'number' | 'time' | 'flag' | 'other';
}

export type HistoryRow = Record<string, string | null>;

/** Which column says what. */
export interface HistoryColumns {
  /** Says which file a row is of. */
  key: string;
  /** Says it too; the two must not contradict each other. */
  alsoKeys: string[];
  appliedAt?: string;
  appliedBy?: string;
  checksum?: string;
  /** True for a migration that succeeded. */
  success?: string;
  /** True for one that did not. */
  failure?: string;
  /** A word for what came of it. */
  status?: string;
  /** Has a time where it was undone. */
  undoneAt?: string;
  /** Has no time where it began and did not come to its end. */
  finishedAt?: string;
}

const names = {
  key: [
    'filename',
    'file_name',
    'file',
    'script',
    'migration_name',
    'migration',
    'name',
    'migration_id',
    'title',
    'version',
    'number',
    'migration_number',
    'num',
    'seq',
    'sequence',
  ],
  appliedAt: [
    'applied_at',
    'executed_at',
    'run_at',
    'ran_at',
    'migrated_at',
    'installed_on',
    'applied_on',
    'applied',
    'finished_at',
    'completed_at',
    'created_at',
    'timestamp',
  ],
  appliedBy: ['applied_by', 'executed_by', 'installed_by', 'run_by'],
  /** The first six may be numbers, 0 and 1. */
  success: ['success', 'succeeded', 'successful', 'is_success', 'was_successful', 'ok', 'is_applied', 'completed', 'applied'],
  failure: ['dirty', 'is_dirty', 'failed', 'has_failed'],
  status: ['status', 'state', 'result', 'direction'],
  undoneAt: ['rolled_back_at', 'rollback_at', 'reverted_at', 'undone_at'],
  finishedAt: ['finished_at', 'completed_at'],
};
const checksumName = /checksum|check_sum|hash|digest|md5|sha\d*/;

/** Finds out what the columns are, from their names, their types and from which values name a file. Undefined where no column does. */
export function columnsOf(columns: HistoryColumn[], rows: HistoryRow[], migrations: EarlierMigration[]): HistoryColumns | undefined {
  const find = (wanted: string[], ...kinds: HistoryColumn['kind'][]) =>
    wanted.map((name) => columns.find((column) => column.name.toLowerCase() === name && kinds.includes(column.kind))?.name).find(Boolean);
  const naming = (column: string) => rows.filter((row) => fileOf(row[column], migrations)).length;
  const candidates = columns
    .filter(({ name, kind }) => (kind === 'text' || kind === 'number') && names.key.includes(name.toLowerCase()))
    .map(({ name }) => ({ name, named: naming(name) }));
  const best = candidates.filter(({ named }) => named > 0).sort((a, b) => b.named - a.named || rank(a.name) - rank(b.name));
  // A number that the table counts by itself is asked last: it says when, not what.
  const key = best[0]?.name ?? [find(['id'], 'text', 'number')].find((name) => name !== undefined && naming(name) > 0);
  if (key === undefined) return undefined;
  const started = find(['started_at'], 'time') !== undefined;
  const times = columns.filter(({ kind }) => kind === 'time');
  return {
    key,
    alsoKeys: best.slice(1).map(({ name }) => name),
    appliedAt: find(names.appliedAt, 'time') ?? (times.length === 1 ? times[0]!.name : undefined),
    appliedBy: find(names.appliedBy, 'text'),
    checksum: columns.find(({ name, kind }) => (kind === 'text' || kind === 'other') && checksumName.test(name.toLowerCase()))?.name,
    success: find(names.success, 'flag') ?? find(names.success.slice(0, 6), 'number'),
    failure: find(names.failure, 'flag', 'number'),
    status: find(names.status, 'text'),
    undoneAt: find(names.undoneAt, 'time'),
    finishedAt: started ? find(names.finishedAt, 'time') : undefined,
  };
}

const rank = (name: string) => names.key.indexOf(name.toLowerCase());

/** The file that a value names: its name, with or without its end and the folders before it; its number; or, where only one has it, its words. */
export function fileOf(value: string | null | undefined, migrations: EarlierMigration[]): EarlierMigration | undefined {
  if (!value) return undefined;
  const bare = bareName(value.replaceAll('\\', '/').split('/').at(-1)!);
  const exact = migrations.find(({ fileName }) => bareName(fileName) === bare);
  if (exact) return exact;
  if (/^\d+$/.test(bare)) return migrations.find(({ number }) => sameNumber(number) === sameNumber(bare));
  const byWords = migrations.filter(({ fileName }) => bareName(fileName).replace(/^\d+[_-]/, '') === bare);
  return byWords.length === 1 ? byWords[0] : undefined;
}

const bareName = (fileName: string) => fileName.trim().replace(/\.sql$/i, '');
