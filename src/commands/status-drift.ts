import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { Problem } from '../errors.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { checkManifest, snapshotId, type Manifest } from '../snapshot/manifest.ts';

/** The newest snapshot that the target keeps. Sizes are bytes. */
export interface LastSnapshot {
  id: string;
  takenAt: string;
  /** Of its .sql file; of the compressed copy in the target when the file is not here. */
  bytes: number;
  inFolder: boolean;
  newestMigration: string | null;
}

/** How the schema differs from the last snapshot. */
export interface Drift {
  /** How it was found out: the catalog is row for row that of then; the facts were compared; or it can't be known, and why. */
  by: 'catalog' | 'facts' | 'unknown';
  differences: string[];
  /** What the platform changed of its own since: no drift. */
  platform?: string[];
  reason?: string;
}

interface KeptSnapshot extends LastSnapshot {
  manifest: Manifest;
  catalogCheck: string;
}

/** One row, however many snapshots there are. */
export async function readLastSnapshot(client: pg.Client, folder: string): Promise<KeptSnapshot | undefined> {
  const { rows } = await client.query<{ manifest: Manifest; catalog_check: string; bytes: number }>(
    `select manifest, catalog_check, (select octet_length(sql_gz) from supabase_migrations.supasnap_states t where t.sha256 = s.sha256) as bytes
     from supabase_migrations.supasnap_snapshots s where catalog_check <> 'rebuilt' order by taken_at desc, id desc limit 1`,
  );
  const row = rows[0];
  if (!row) return undefined;
  const manifest = checkManifest(row.manifest, 'The manifest of the last snapshot in the target');
  const id = snapshotId(manifest);
  const file = join(folder, `${id}.sql`);
  const inFolder = existsSync(file);
  return {
    id,
    takenAt: manifest.takenAt,
    bytes: inFolder ? statSync(file).size : (row.bytes ?? 0),
    inFolder,
    newestMigration: manifest.applied.newest?.version ?? null,
    manifest,
    catalogCheck: row.catalog_check,
  };
}

/** Compares by the cheap catalog check first; what reads and compares facts is loaded only when that differs. Writes nothing; to be called in a transaction. */
export async function findDrift(client: pg.Client, folder: string, last: KeptSnapshot): Promise<Drift> {
  if (last.catalogCheck === (await catalogCheck(client))) return { by: 'catalog', differences: [] };
  const [{ readFacts }, { driftSince }, { loadSnapshot }] = await Promise.all([
    import('../snapshot/facts.ts'),
    import('../snapshot/take.ts'),
    import('../snapshot/store.ts'),
  ]);
  try {
    const then = await loadSnapshot(client, folder, { id: last.id, manifest: last.manifest, inFolder: last.inFolder, inTarget: true });
    const { drift, platform } = driftSince(then.facts, await readFacts(client, { insideTransaction: true }));
    return { by: 'facts', differences: drift, ...(platform.length > 0 ? { platform } : {}) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { by: 'unknown', differences: [], reason: error.message };
  }
}
