import { rm } from 'node:fs/promises';
import { refused } from '../errors.ts';
import { recordApplied, recordRun } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import { snapshotName, type MigrationName } from '../migration/file-name.ts';
import type { Migration } from '../migration/read.ts';
import type { Provenance } from '../project.ts';
import { changesBetween } from '../report/changes.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { snapshotId, type Manifest } from '../snapshot/manifest.ts';
import type { CapturedState, State } from '../snapshot/state.ts';
import { keepInTarget, listSnapshots } from '../snapshot/store.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import { environmentName } from '../target/target.ts';
import { openApply, withLockRetries } from '../transition/apply.ts';
import type { Baseline } from '../transition/baseline.ts';
import { toolVersion } from '../version.ts';
import type { Adopting } from './adopt.ts';

/** Says that a file is a baseline of ours: an interrupted run may leave one that no history holds. */
export const baselineMark = '-- Written by supasnap adopt';

/** The file of a baseline. */
export function renderBaseline({
  name,
  baseline,
  project,
  database,
  serverVersion,
}: {
  name: MigrationName;
  baseline: Baseline;
  project: boolean;
  database: string;
  serverVersion: string;
}): string {
  const { proof, roles, text } = baseline;
  const fresh = project ? 'a fresh Supabase project' : 'an empty database';
  return [
    `-- ${name.label}: ${name.description.replaceAll('_', ' ')}`,
    '--',
    `${baselineMark}: all that was made in database ${database.replaceAll('\n', ' ')} (PostgreSQL ${serverVersion}) before it had migrations. It was not run there.`,
    `-- ${proof.proven ? `Run on ${fresh} it makes the same, proven ${provenBy(baseline)}` : `Run on ${fresh} it may make something else: it is NOT proven`}. Rows are not in it${roles.length > 0 ? ', nor passwords of roles' : ''}.`,
    '',
    text,
  ].join('\n');
}

/** "on embedded PostgreSQL 17.10 by facts and by pg_dump". */
export const provenBy = ({ proof }: Baseline): string => `on ${proof.shadow} by ${proof.by.join(' and by ')}`;

export interface BaselineToRecord {
  migration: Migration;
  path: string;
  baseline: Baseline;
  present: CapturedState;
  ground: State;
  provenance: Provenance;
  journal: Journal;
}

/**
 * Records the baseline as applied, with the snapshot of the present state as the one after it, in one transaction that finds the schema as it
 * was read. The file is written just before COMMIT, and goes again where that fails. Gives the snapshot's id.
 */
export async function recordBaseline(adopting: Adopting, input: BaselineToRecord): Promise<string> {
  const {
    context: { config, now, report },
    session: { client, target, server },
  } = adopting;
  const {
    migration: { name },
    present,
    provenance,
    journal,
  } = input;
  const startedAt = now();
  await journal.phase('applying');
  const manifest = await writeSnapshot(config.folders.snapshots, await listSnapshots(client, config.folders.snapshots, false), present, {
    name: `${snapshotName(name.label, name.version)}_after`,
    takenAt: startedAt,
    serverVersion: server.version,
    database: target.settings.database,
    applied: [{ version: name.version, name: name.name }],
    provenance,
  });
  const started = performance.now();
  await withLockRetries(config.settings, report, () => inOneTransaction(adopting, input, { manifest, startedAt, started }));
  await journal.phase('recorded');
  return snapshotId(manifest);
}

async function inOneTransaction(
  { context: { config }, session: { client, target } }: Adopting,
  input: BaselineToRecord,
  { manifest, startedAt, started }: { manifest: Manifest; startedAt: Date; started: number },
): Promise<void> {
  const { migration, path, baseline, present, ground, provenance } = input;
  const { version, name } = migration.name;
  await openApply(client, config.settings, present.catalogCheck, target.name);
  let written = false;
  try {
    const { rowCount } = await client.query('select from supabase_migrations.schema_migrations limit 1');
    if (rowCount)
      throw refused('changed_meanwhile', 'Someone else began a history meanwhile.', {
        state: `Nothing was changed on ${target.name}.`,
        next: 'Run the command again: it does what is left.',
      });
    await keepInTarget(client, manifest, present, present);
    await recordApplied(client, { version, name, statements: migration.history, rollback: [] }, undefined);
    await recordRun(client, {
      kind: 'migrate',
      status: 'done',
      version,
      name,
      fileSha256: migration.sha256,
      statements: migration.history,
      undone: null,
      restored: null,
      snapshotBefore: null,
      snapshotAfter: snapshotId(manifest),
      rollbackSql: null,
      proof: baseline.proof,
      changes: changesBetween(ground.facts, present.facts),
      tested: null,
      progress: { adopted: true },
      startedAt: startedAt.toISOString(),
      durationMs: Math.round(performance.now() - started),
      environment: environmentName(target, config.settings.environment),
      overrideReason: null,
      who: provenance.who,
      gitCommit: provenance.gitCommit,
      toolVersion,
    });
    await writeFileAtomic(path, migration.text);
    written = true;
    await client.query('commit');
  } catch (error) {
    const undone = await client.query('rollback').then(
      () => true,
      () => false,
    );
    // Where the connection is lost, COMMIT may have come through.
    if (written && undone) await rm(path, { force: true });
    throw error;
  }
}
