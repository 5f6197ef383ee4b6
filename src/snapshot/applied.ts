import { createHash } from 'node:crypto';
import { refused } from '../errors.ts';
import { snapshotId, type AppliedVersion, type Manifest } from './manifest.ts';
import type { StoredSnapshot } from './store.ts';

type Known = Pick<StoredSnapshot, 'manifest' | 'inTarget' | 'aside'>[];

/** The sha256 of the first n versions of a list, for each n from 0 on. */
export function prefixKeys(applied: { version: string }[]): string[] {
  const hash = createHash('sha256');
  const key = () => hash.copy().digest('hex');
  const keys = [key()];
  for (const { version } of applied) {
    hash.update(lineOf(version));
    keys.push(key());
  }
  return keys;
}

const lineOf = (version: string) => `${JSON.stringify(version)}\n`;
const keyOf = (applied: { version: string }[]): string =>
  createHash('sha256')
    .update(applied.map(({ version }) => lineOf(version)).join(''))
    .digest('hex');
const nothing = { count: 0, sha256: keyOf([]) };

/**
 * What a manifest says of the migrations that were applied: how the list differs from that of the predecessor, and its sha256. It is the whole list
 * where the target's own manifests don't tell the predecessor's, so that they always suffice without the folder.
 */
export function describeApplied(
  given: AppliedVersion[],
  predecessor: Manifest | undefined,
  known: Known,
): Pick<Manifest, 'applied' | 'predecessor' | 'added' | 'removed'> {
  const list = inOrder(given.map(({ version, name }) => ({ version, name })));
  const applied = { count: list.length, newest: list.at(-1) ?? null, sha256: keyOf(list) };
  const before = predecessor && follow(predecessor, ofTarget(known), list).list;
  if (!before) return { applied, predecessor: null, added: list, removed: [] };
  const [then, now] = [before, list].map((each) => new Set(each.map(({ version }) => version))) as [Set<string>, Set<string>];
  return {
    applied,
    predecessor: { id: snapshotId(predecessor), count: before.length, sha256: predecessor.applied.sha256 },
    added: list.filter(({ version }) => !then.has(version)),
    removed: before.map(({ version }) => version).filter((version) => !now.has(version)),
  };
}

/**
 * The migrations that were applied at the moment of a snapshot, in the order of their versions. `history` is what is applied now: a beginning of it
 * with the same sha256 is the list; else the manifests tell, the target's own first. Throws a Problem (exit 3) where they don't: it is never guessed.
 */
export function appliedAt(manifest: Manifest, known: Known, history: AppliedVersion[]): AppliedVersion[] {
  const own = follow(manifest, ofTarget(known), history);
  const { list, missing } = own.list ? own : follow(manifest, all(known), history);
  if (list) return list;
  const why = missing
    ? `no manifest in the folder or in the target says what was applied at ${missing}, on which it builds`
    : 'its manifest and those that it builds on contradict one another';
  throw refused('snapshot_damaged', `It can't be told which migrations were applied at snapshot ${snapshotId(manifest)}: ${why}.`, {
    state: 'Nothing was changed.',
    next: `Restore ${missing ?? snapshotId(manifest)}.json from version control, or choose another snapshot: npx supasnap rollback --list`,
  });
}

const ofTarget = (known: Known): Manifest[] => known.flatMap(({ manifest, inTarget }) => (inTarget ? [manifest] : []));
const all = (known: Known): Manifest[] => known.flatMap(({ manifest, aside }) => (aside ? [manifest, aside] : [manifest]));

/** Any manifest of an equal list leads on, whatever snapshot it is of: a list is known by its sha256. `missing` is where it led no further. */
function follow(goal: Manifest, manifests: Manifest[], history: AppliedVersion[]): { list?: AppliedVersion[]; missing?: string } {
  const byList = new Map<string, Manifest[]>();
  for (const each of [goal, ...manifests]) {
    const same = byList.get(each.applied.sha256);
    if (same) same.push(each);
    else byList.set(each.applied.sha256, [each]);
  }
  /** From each list on the way back to the manifest that made the next one, nearer to the goal, of it. */
  const onward = new Map<string, { count: number; maker?: Manifest }>([[goal.applied.sha256, { count: goal.applied.count }]]);
  let missing: string | undefined;
  // What is added meanwhile has its turn, and no list has two: a circle ends.
  for (const [key, { count, maker: next }] of onward) {
    const beginning = count <= history.length ? history.slice(0, count) : undefined;
    if (beginning && keyOf(beginning) === key) return { list: replay(beginning, key, onward, goal) };
    const makers = byList.get(key) ?? [];
    if (makers.length === 0) missing ??= next?.predecessor?.id;
    for (const maker of makers) {
      const from = maker.predecessor ?? nothing;
      if (!onward.has(from.sha256)) onward.set(from.sha256, { count: from.count, maker });
    }
  }
  return missing === undefined ? {} : { missing };
}

function replay(
  start: AppliedVersion[],
  from: string,
  onward: Map<string, { maker?: Manifest }>,
  goal: Manifest,
): AppliedVersion[] | undefined {
  const rows = new Map(start.map((row) => [row.version, row]));
  for (let maker = onward.get(from)?.maker; maker; maker = onward.get(maker.applied.sha256)?.maker) {
    for (const version of maker.removed) rows.delete(version);
    for (const row of maker.added) rows.set(row.version, row);
  }
  const list = inOrder([...rows.values()]);
  return keyOf(list) === goal.applied.sha256 ? list.map(({ version, name }) => ({ version, name })) : undefined;
}

const inOrder = (rows: AppliedVersion[]): AppliedVersion[] =>
  rows.sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0));
