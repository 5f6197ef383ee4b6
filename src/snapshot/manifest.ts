import { refused } from '../errors.ts';

/** A migration as history names it. */
export interface AppliedVersion {
  version: string;
  name: string | null;
}

/** What a snapshot says of itself; immutable once written. Times are ISO 8601 in UTC, sizes bytes. */
export interface Manifest {
  format: 1;
  name: string;
  /** 1 for the first snapshot of this name; a later one that differs has 2, 3, … */
  copy: number;
  /** Of the .sql file, as hex. */
  sha256: string;
  /** Of the .facts.json file before compression, as hex. */
  factsSha256: string;
  takenAt: string;
  serverVersion: string;
  pgDump: string;
  /** The migrations that were applied, in the order of their versions; the sha256 is that of all of them. */
  applied: { count: number; newest: AppliedVersion | null; sha256: string };
  /** The snapshot that the target was in before, and what was applied then; null where `added` is all that was applied. */
  predecessor: { id: string; count: number; sha256: string } | null;
  /** What was applied and not at the predecessor, and the other way round. */
  added: AppliedVersion[];
  removed: string[];
  counts: Record<string, number>;
  databaseBytes: number;
  database: string;
  gitCommit: string | null;
  who: string | null;
  toolVersion: string;
  /** It was not taken then: it was rebuilt later by replaying the migrations that lead there. The sha256 of what history held of them. */
  rebuilt?: string;
}

export const currentFormat = 1;

/** `v0.7.0_20251026211500`, and `v0.7.0_20251026211500.2` for a second one that differs. */
export const snapshotId = (manifest: Pick<Manifest, 'name' | 'copy'>): string =>
  manifest.copy === 1 ? manifest.name : `${manifest.name}.${manifest.copy}`;

const isFileName = (value: unknown): boolean => typeof value === 'string' && /^[^/\\\p{Cc}]+$/u.test(value);

const isVersion = (value: unknown): boolean => {
  const { version, name } = (value ?? {}) as Partial<Record<keyof AppliedVersion, unknown>>;
  return typeof version === 'string' && (name === null || typeof name === 'string');
};

function tellsApplied({ applied, predecessor, added, removed }: Record<keyof Manifest, unknown>): boolean {
  const { count, newest, sha256 } = (applied ?? {}) as Partial<Record<keyof Manifest['applied'], unknown>>;
  const before = predecessor as Partial<Record<'id' | 'count' | 'sha256', unknown>> | null | undefined;
  return (
    Number.isSafeInteger(count) &&
    (newest === null || isVersion(newest)) &&
    typeof sha256 === 'string' &&
    (before === null || (isFileName(before?.id) && Number.isSafeInteger(before?.count) && typeof before?.sha256 === 'string')) &&
    Array.isArray(added) &&
    added.every(isVersion) &&
    Array.isArray(removed) &&
    removed.every((version) => typeof version === 'string')
  );
}

/** Whether it has what is read of a manifest. Its name is that of files, which lie in the folder of the manifest. */
export const isManifest = (value: unknown): value is Manifest => {
  const manifest = (value ?? {}) as Record<keyof Manifest, unknown>;
  const { name, copy, sha256, factsSha256, takenAt, databaseBytes } = manifest;
  return (
    [name, sha256, factsSha256, takenAt].every((text) => typeof text === 'string') &&
    isFileName(name) &&
    Number.isSafeInteger(copy) &&
    typeof databaseBytes === 'number' &&
    !Number.isNaN(Date.parse(takenAt as string)) &&
    tellsApplied(manifest)
  );
};

/** Throws a Problem where a manifest is of a newer format or none at all. `path` says where it was found. */
export function checkManifest(value: unknown, path: string): Manifest {
  const format = (value as Partial<Manifest> | null)?.format;
  if (typeof format === 'number' && format > currentFormat) {
    throw refused('unsupported_version', `${path} was written by a newer supasnap (format ${format}; this one reads ${currentFormat}).`, {
      state: 'Nothing was changed.',
      next: 'Update: npm install supasnap@latest',
    });
  }
  if (!isManifest(value)) {
    throw refused('snapshot_damaged', `${path} is not a manifest of a snapshot.`, {
      state: 'Nothing was changed.',
      next: 'Restore it from version control, or move it away.',
    });
  }
  return value;
}
