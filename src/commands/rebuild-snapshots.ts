import type { Context } from '../context.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import { freshFrom } from '../shadow/fresh.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import { captureState } from '../snapshot/state.ts';
import { readPresent } from '../snapshot/take.ts';
import { keepRebuilt, writeSnapshotFiles } from '../snapshot/store.ts';
import type { TargetSession } from '../target/session.ts';
import { openApply } from '../transition/apply.ts';
import { captureOptions } from './present.ts';
import { readRecords, type Records } from './records.ts';
import { replayHistory, type Rebuilt } from './rebuild-replay.ts';

export interface RebuildOptions {
  /** Rebuild only what is needed to undo this version and newer ones; none: all that is missing. */
  from?: string;
  pgDump?: PgDumpChoice;
  /** How a fresh database is read; none: from an embedded server of its own. */
  fresh?: ReadFresh;
}

/**
 * Rebuilds the snapshots before migrations that another tool applied: replays what history records, from the newest snapshot that is older
 * or from a fresh project, and believes the states in between only when the replay ends in exactly the present schema. Writes them to the
 * folder and to the target, and gives their ids, oldest first. Called with the runner's lock and outside a transaction. Throws a Problem
 * (exit 3, nothing changed) that names the differences when the replay leads elsewhere.
 */
export async function rebuildSnapshots(
  context: Context,
  session: TargetSession,
  useShadow: UseShadow,
  options: RebuildOptions = {},
): Promise<string[]> {
  const { config } = context;
  const { client, target, server } = session;
  const capture = captureOptions(context, session, options);
  const { history, known } = await readRecords(context, session);
  const present = await captureState(client, target.settings, capture);
  const fresh = options.fresh ?? freshFrom(config, server.major, capture);
  const rebuilt = await replayHistory(context, session, useShadow, {
    history,
    known,
    present,
    fresh,
    pgDump: capture.pgDump,
    ...(options.from === undefined ? {} : { from: options.from }),
  });
  if (rebuilt.length === 0) return [];
  await writeRebuilt(context, rebuilt);
  await openApply(client, config.settings, present.catalogCheck, target.name);
  try {
    await keepAllRebuilt(client, rebuilt);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
  return rebuilt.map(({ id }) => id);
}

/** Snapshots of states that nobody took one of; nothing is written yet. */
export async function rebuildFrom(
  context: Context,
  session: TargetSession,
  useShadow: UseShadow,
  options: RebuildOptions & { from: string },
  { history, known }: Records,
): Promise<Rebuilt[]> {
  const { config, report } = context;
  const capture = captureOptions(context, session, options);
  const { state: present } = await readPresent(session.client, session.target.settings, known, config.folders.snapshots, capture);
  const rebuilt = await replayHistory(context, session, useShadow, {
    history,
    known,
    present,
    fresh: options.fresh ?? freshFrom(config, session.server.major, capture),
    from: options.from,
    pgDump: capture.pgDump,
  });
  if (rebuilt.length > 0)
    report.step(
      `Rebuilt: ${rebuilt.map(({ id }) => id).join(', ')}. The replay ended in exactly the present schema, by facts and by pg_dump.`,
    );
  return rebuilt;
}

/** Writes them to the folder. */
export async function writeRebuilt({ config }: Context, rebuilt: Rebuilt[]): Promise<void> {
  for (const { manifest, held } of rebuilt) await writeSnapshotFiles(config.folders.snapshots, manifest, held.state);
}

/** Keeps them in the target, the oldest as the one of longest ago. Called inside a transaction. */
export async function keepAllRebuilt(client: TargetSession['client'], rebuilt: Rebuilt[]): Promise<void> {
  for (const { manifest, held } of [...rebuilt].reverse()) await keepRebuilt(client, manifest, held);
}
