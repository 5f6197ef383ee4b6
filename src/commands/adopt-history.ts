import { readProvenance } from '../project.ts';
import type { History } from '../history/history.ts';
import { migrationName, snapshotName } from '../migration/file-name.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { keepInTarget, lastKept, listSnapshots } from '../snapshot/store.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { captureState } from '../snapshot/state.ts';
import { writeSnapshot } from '../snapshot/take.ts';
import { openApply } from '../transition/apply.ts';
import type { AdoptResult, Adopting } from './adopt.ts';
import { confirmPlainly } from './confirm.ts';
import { below, captureOptions } from './present.ts';
import { keepAllRebuilt, writeRebuilt } from './rebuild-snapshots.ts';
import { missingBefore, replayHistory } from './rebuild-replay.ts';
import { labelOf } from './rebuild-sources.ts';
import { updateReport } from './report-history.ts';
import { count } from './text.ts';

/** A database with a history: the snapshots that a rollback would need and that nobody took are rebuilt, so that they are there before they are needed. */
export async function adoptHistory({ context, session, options, useShadow, fresh }: Adopting, history: History): Promise<AdoptResult> {
  const { config, report } = context;
  const { client, target, server } = session;
  const capture = captureOptions(context, session, options);
  const known = await listSnapshots(client, config.folders.snapshots, history.ours);
  const result: AdoptResult = { target: target.name, changed: false, rebuilt: [] };
  const missing = missingBefore(history, known);
  report.step(`${target.name} has a history already (${count(history.applied.length, 'migration')}): no baseline is written.`);
  if (missing.length === 0) return result;
  report.step(
    `${count(missing.length, 'migration')} ${missing.length === 1 ? 'was' : 'were'} applied by another tool, so there is no snapshot before ${missing.length === 1 ? labelOf(history.applied[missing[0]!]!) : 'them'}.`,
  );
  const present = await captureState(client, target.settings, capture);
  const rebuilt = await replayHistory(context, session, useShadow, { history, known, present, fresh, pgDump: capture.pgDump });
  report.step(`Replayed, they lead to exactly the schema of ${target.name}: the states in between are believed.`);
  report.note(
    'Rows that those migrations destroyed were not kept, for another tool applied them: a rollback brings back the schema, and what is kept from now on.',
  );
  result.rebuilt = rebuilt.map(({ id }) => id);
  if (options.dryRun) return result;
  await confirmPlainly(
    context,
    target,
    `Keep ${count(rebuilt.length, 'rebuilt snapshot')} in ${target.name} and in ${below(context, config.folders.snapshots)}?`,
  );
  await writeRebuilt(context, rebuilt);
  const { version, name } = history.applied.at(-1)!;
  const isLast = lastKept(known)?.catalogCheck === (await catalogCheck(client));
  const manifest = isLast
    ? undefined
    : await writeSnapshot(config.folders.snapshots, [...known, ...rebuilt], present, {
        name: `${snapshotName(migrationName(`${labelOf({ version, name })}.sql`)?.label ?? version, version)}_after`,
        takenAt: context.now(),
        serverVersion: server.version,
        database: target.settings.database,
        applied: history.applied,
        provenance: await readProvenance(config.workdir),
      });
  await openApply(client, config.settings, present.catalogCheck, target.name);
  try {
    await keepAllRebuilt(client, rebuilt);
    if (manifest) await keepInTarget(client, manifest, present, present);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
  await updateReport(context, session);
  for (const { id } of rebuilt) report.step(`Snapshot ${id} (rebuilt)`);
  if (manifest) report.step(`Snapshot ${snapshotId(manifest)}`);
  return { ...result, changed: true, ...(manifest ? { snapshot: snapshotId(manifest) } : {}) };
}
