import type { Context } from '../context.ts';
import type { History } from '../history/history.ts';
import type { Identity } from '../snapshot/identity.ts';
import { platformChanges } from '../snapshot/platform-part.ts';
import { settleGoal, type SettledGoal } from '../snapshot/settle-goal.ts';
import type { CapturedState, State } from '../snapshot/state.ts';
import { loadSnapshot, type StoredSnapshot } from '../snapshot/store.ts';
import type { TargetSession } from '../target/session.ts';
import { stuckExtensions, stuckInWords } from '../planner/extension-versions.ts';

/** How a goal, or a state on the way to it, is taken as the platform is now. */
export type Settle = (goal: State, identity: Identity | undefined) => SettledGoal;

/**
 * The platform's own part of now belongs to every goal, but for what the migrations that are undone or brought back changed of it themselves.
 * Gives also what can't go back at all, in sentences.
 */
export async function settling(
  { config }: Context,
  client: TargetSession['client'],
  {
    history,
    known,
    present,
    goal,
    versions,
  }: { history: History; known: StoredSnapshot[]; present: CapturedState; goal: State; versions: string[] },
): Promise<{ settle: Settle; stays: string[] }> {
  const stuck = await stuckExtensions(client, present.facts, goal.facts);
  const extensions = new Set(stuck.map(({ name }) => name));
  const madeByUsers = new Set<string>();
  const changed = settleGoal(goal, undefined, present, { extensions }).changed.length > 0;
  const factsOf = async (id: string | null) => {
    const snapshot = known.find((one) => one.id === id);
    return snapshot && (await loadSnapshot(client, config.folders.snapshots, snapshot)).facts;
  };
  for (const { kind, version, snapshotBefore, snapshotAfter } of changed ? history.runs : []) {
    if (kind !== 'migrate' || !versions.includes(version!)) continue;
    const [before, after] = [await factsOf(snapshotBefore), await factsOf(snapshotAfter)];
    for (const id of before && after ? platformChanges(before, after) : []) madeByUsers.add(id);
  }
  return { settle: (state, identity) => settleGoal(state, identity, present, { madeByUsers, extensions }), stays: stuck.map(stuckInWords) };
}
