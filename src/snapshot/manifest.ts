import { refused } from '../errors.ts';

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
  applied: { version: string; name: string | null }[];
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

/** Whether it has what is read of a manifest. Its name is that of files, which lie in the folder of the manifest. */
export const isManifest = (value: unknown): value is Manifest => {
  const { name, copy, sha256, factsSha256, takenAt, applied, databaseBytes } = (value ?? {}) as Record<keyof Manifest, unknown>;
  return (
    [name, sha256, factsSha256, takenAt].every((text) => typeof text === 'string') &&
    /^[^/\\\p{Cc}]+$/u.test(name as string) &&
    Number.isSafeInteger(copy) &&
    typeof databaseBytes === 'number' &&
    !Number.isNaN(Date.parse(takenAt as string)) &&
    Array.isArray(applied) &&
    applied.every((row: unknown) => typeof (row as { version?: unknown } | null)?.version === 'string')
  );
};

/** Throws a Problem where a manifest is of a newer format or none at all. `path` says where it was found. */
export function checkManifest(value: unknown, path: string): Manifest {
  const format = (value as Partial<Manifest> | null)?.format;
  if (typeof format === 'number' && format > currentFormat) {
    throw refused(`${path} was written by a newer supasnap (format ${format}; this one reads ${currentFormat}).`, {
      state: 'Nothing was changed.',
      next: 'Update: npm install supasnap@latest',
    });
  }
  if (!isManifest(value)) {
    throw refused(`${path} is not a manifest of a snapshot.`, {
      state: 'Nothing was changed.',
      next: 'Restore it from version control, or move it away.',
    });
  }
  return value;
}
