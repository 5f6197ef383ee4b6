import type { Context } from '../context.ts';
import { readHistory, type History } from '../history/history.ts';
import { listSnapshots, type StoredSnapshot } from '../snapshot/store.ts';
import type { TargetSession } from '../target/session.ts';

/** What is known of a target's past. It is read once and handed on, and again only where it may have changed: under the lock, after COMMIT. */
export interface Records {
  history: History;
  /** All snapshots, oldest first. */
  known: StoredSnapshot[];
}

export async function readRecords({ config }: Context, { client }: TargetSession): Promise<Records> {
  const history = await readHistory(client);
  return { history, known: await listSnapshots(client, config.folders.snapshots, history.ours) };
}
