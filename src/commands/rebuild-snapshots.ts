import type { Context } from '../context.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import type { ReadFresh } from '../shadow/fresh.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { TargetSession } from '../target/session.ts';

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
export async function rebuildSnapshots(_context: Context, _session: TargetSession, _useShadow: UseShadow, _options: RebuildOptions = {}): Promise<string[]> {
  return [];
}
