import type pg from 'pg';
import type { Run } from '../history/history.ts';
import { pathOf, type Identity } from './identity.ts';
import { loadIdentity, type StoredSnapshot } from './store.ts';

/** From the key that a thing had in a snapshot to the key under which a rollback brought it back. */
export type Successors = Map<string, string>;

/** A rollback brings things back under new numbers: read from the snapshot that each went to, and from the one after it. */
export async function readSuccessors(client: pg.Client, runs: Run[], known: StoredSnapshot[]): Promise<Successors> {
  const successors: Successors = new Map();
  const seen = new Set<string>();
  for (const { kind, status, version, snapshotAfter } of runs) {
    if (kind !== 'rollback' || !['applied', 'done'].includes(status) || !snapshotAfter || seen.has(snapshotAfter)) continue;
    seen.add(snapshotAfter);
    const identityOf = async (id: string | null) => {
      const snapshot = known.find((one) => one.id === id);
      return snapshot && loadIdentity(client, snapshot);
    };
    const [goal, after] = [await identityOf(version), await identityOf(snapshotAfter)];
    if (!goal || !after) continue;
    const reached = new Map(Object.keys(after.things).map((key) => [pathOf(after, key), key]));
    for (const key of Object.keys(goal.things)) {
      const now = reached.get(pathOf(goal, key));
      if (now !== undefined && now !== key && !after.things[key]) successors.set(key, now);
    }
  }
  return successors;
}

/** The identity of a snapshot, with each thing under the key that it has by now. */
export function succeeded(identity: Identity | undefined, successors: Successors): Identity | undefined {
  if (!identity || successors.size === 0) return identity;
  const now = (key: string): string => {
    let found = key;
    for (let next = successors.get(found), turns = 0; next !== undefined && turns < successors.size; next = successors.get(found), turns++)
      found = next;
    return found;
  };
  const things = Object.entries(identity.things).map(([key, thing]) => [
    now(key),
    {
      ...thing,
      ...(thing.parent ? { parent: now(thing.parent) } : {}),
      ...(thing.partition ? { partition: { ...thing.partition, of: now(thing.partition.of) } } : {}),
    },
  ]);
  return { ...identity, things: Object.fromEntries(things) as Identity['things'] };
}
