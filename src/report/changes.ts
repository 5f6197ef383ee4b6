import { diff, encodeId, type Delta, type Fact, type FactBase, type StableId } from '@supabase/pg-delta';
import { changedKeys, describeClusterKey, parseClusterKey } from '../snapshot/cluster-facts.ts';
import type { Facts } from '../snapshot/facts.ts';
import { compareText, objectName } from './object-name.ts';

export { listChanges, summarizeChanges } from './summary.ts';

/** Names by kind word ("table", "column", "policy", "grant" …), sorted. */
export type NamesByKind = Record<string, string[]>;

/** What differs between two states. A run's history keeps it as JSON. */
export interface Changes {
  added: NamesByKind;
  removed: NamesByKind;
  changed: NamesByKind;
}

/**
 * What a reader would want told of the way from one state to another. What comes or goes with its owner (the columns,
 * constraints, grants and comments of a new table, the members of a new extension) is not told again by itself.
 */
export function changesBetween(from: Facts, to: Facts): Changes {
  const [before, after] = [from.base, to.base];
  const lists = { added: new Map<string, StableId>(), removed: new Map<string, StableId>(), changed: new Map<string, StableId>() };
  const tell = (list: keyof typeof lists, id: StableId) => lists[list].set(encodeId(id), id);
  for (const delta of before.rootHash === after.rootHash ? [] : diff(before, after)) {
    const subject = subjectOf(delta);
    if (delta.verb === 'add' && subject.kind !== 'default') {
      if (!comesWith(delta.fact, after, before)) tell('added', subject);
    } else if (delta.verb === 'remove' && subject.kind !== 'default') {
      if (!comesWith(delta.fact, before, after)) tell('removed', subject);
    } else {
      const shown = ofColumn(subject);
      if (before.has(shown) && after.has(shown)) tell('changed', shown);
    }
  }
  const changes = { added: byKind(lists.added), removed: byKind(lists.removed), changed: byKind(lists.changed) };
  addCluster(changes, from, to);
  return changes;
}

/** What belongs to a role that comes or goes is not told again. */
function addCluster(changes: Changes, { base: before, cluster: was }: Facts, { base: after, cluster: is }: Facts): void {
  if (!was || !is) return;
  for (const key of changedKeys(was, is)) {
    const parsed = parseClusterKey(key);
    const role = { kind: 'role' as const, name: parsed[1] };
    if (before.has(role) !== after.has(role)) continue;
    const list = was.entries[key] === undefined ? changes.added : is.entries[key] === undefined ? changes.removed : changes.changed;
    const [, kind = '', name = ''] = /^(\S+) (?:of |on |to )?(.*)$/.exec(describeClusterKey(parsed))!;
    list[kind] = [...(list[kind] ?? []), name].sort(compareText);
  }
}

function subjectOf(delta: Delta): StableId {
  if (delta.verb === 'add' || delta.verb === 'remove') return delta.fact.id;
  return delta.verb === 'set' ? delta.id : delta.edge.from;
}

/** People speak of a column's default as a part of the column. */
const ofColumn = (id: StableId): StableId => (id.kind === 'default' ? { ...id, kind: 'column' } : id);

const parts = new Set<StableId['kind']>([
  'column',
  'constraint',
  'default',
  'comment',
  'acl',
  'securityLabel',
  'typeAttribute',
  'publicationRel',
  'publicationSchema',
]);

/** Whether a fact of `here` is missing in `there` only because what it belongs to is missing there. */
function comesWith({ id, parent, payload }: Fact, here: FactBase, there: FactBase): boolean {
  const owners = here.outgoingEdges(id).filter((edge) => edge.kind === 'memberOfExtension' || edge.kind === 'managedBy');
  if (owners.some((edge) => !there.has(edge.to))) return true;
  if (parent && parts.has(id.kind)) return !there.has(parent);
  if (id.kind !== 'sequence') return false;
  const column = owningColumn(payload.ownedBy);
  return column !== undefined && here.has(column) && !there.has(column);
}

function owningColumn(ownedBy: unknown): StableId | undefined {
  if (ownedBy === null || typeof ownedBy !== 'object') return undefined;
  const { schema, table, column } = ownedBy as Record<string, unknown>;
  if (typeof schema !== 'string' || typeof table !== 'string' || typeof column !== 'string') return undefined;
  return { kind: 'column', schema, table, name: column };
}

function byKind(ids: Map<string, StableId>): NamesByKind {
  const names: NamesByKind = {};
  for (const id of ids.values()) {
    const { kind, name } = objectName(id);
    names[kind] ??= [];
    names[kind].push(name);
  }
  for (const list of Object.values(names)) list.sort(compareText);
  return names;
}
