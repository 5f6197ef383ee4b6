import { buildFactBase, encodeId, type Fact, type FactBase, type StableId } from '@supabase/pg-delta';
import { parseClusterKey, type ClusterFacts, type ClusterKey } from './cluster-facts.ts';
import type { Facts } from './facts.ts';
import { isPlatformOwner, isReservedRole, platformSchemas, usersRoles } from './platform-names.ts';

/** A goal that leaves the platform's own part as it is now. */
export interface Settled {
  facts: Facts;
  /** What of the platform's own differs, as schemas and kinds: "schema auth". Empty where the goal is as it was. */
  changed: string[];
  /** What users made and has no place any more, for the platform took away what it was on. */
  lost: StableId[];
  /** Of the platform's objects those that are the goal's all the same, and those whose grants are: "schema.name". */
  ofGoal: OfGoal;
}

export interface OfGoal {
  objects: Set<string>;
  grants: Set<string>;
}

export interface SettleOptions {
  /** Encoded ids of the platform's part that a migration changed: users' all the same. */
  madeByUsers?: Set<string>;
  /** Extensions whose version stays as it is now: what is in them does too. */
  extensions?: Set<string>;
  /** Without it only those extensions are left as they are. */
  platform?: boolean;
}

/**
 * The goal with the platform's own part of now: what its services change in their schemas by themselves is never taken back. What users made
 * there (policies, triggers that call their functions, grants, members of publications) stays the goal's.
 */
export function settlePlatform(
  goal: Facts,
  present: Facts,
  { madeByUsers = new Set(), extensions = new Set(), platform = true }: SettleOptions = {},
): Settled {
  const members = new Set([...membersOf(goal.base, extensions), ...membersOf(present.base, extensions)]);
  const [wasOwn, isOwn] = platform ? [platformPart(goal.base), platformPart(present.base)] : [() => false, () => false];
  const isMember = (id: StableId): boolean => members.has(encodeId(id)) || ('target' in id && isMember(id.target));
  const ofPlatform = (id: StableId) => (present.base.has(id) ? isOwn(id) : wasOwn(id));
  const changed = new Set<string>();
  let differs = false;
  const ofGoal: OfGoal = { objects: new Set(), grants: new Set() };
  // A dump shows grants on what is in an extension, which is users' whoever owns it.
  for (const { kind, from } of [...goal.base.edges, ...present.base.edges]) {
    if (kind !== 'memberOfExtension' || isMember(from)) continue;
    ofGoal.objects.add(placeOf(from));
    ofGoal.grants.add(placeOf(from));
  }
  const facts = new Map<string, { fact: Fact; from: FactBase }>();
  for (const id of everyId(goal.base, present.base)) {
    const encoded = encodeId(id);
    const [was, is] = [goal.base.get(id), present.base.get(id)];
    if (!isMember(id) && (madeByUsers.has(encoded) || !ofPlatform(id))) {
      if (madeByUsers.has(encoded) && !sameFact(was, is))
        (id.kind === 'acl' ? ofGoal.grants : ofGoal.objects).add(placeOf('target' in id ? id.target : id));
      const chosen = id.kind === 'role' && was && is ? { ...was, payload: rolePayload(id.name, was, is) } : was;
      if (chosen) facts.set(encoded, { fact: chosen, from: goal.base });
      if (!sameFact(chosen, was)) changed.add('its roles');
      continue;
    }
    if (
      id.kind === 'acl' &&
      !isMember(id) &&
      !sameFact(was, is) &&
      goal.base.has(id.target) &&
      present.base.has(id.target) &&
      usersChanged(id, goal, present)
    ) {
      if (was) facts.set(encoded, { fact: was, from: goal.base });
      ofGoal.grants.add(placeOf(id.target));
      continue;
    }
    if (is) facts.set(encoded, { fact: is, from: present.base });
    if (sameFact(was, is)) continue;
    differs = true;
    if (!isMember(id)) changed.add(ownerWord(id, present.base.has(id) ? present.base : goal.base));
  }
  const lost = dropOrphans(facts);
  const cluster = settleCluster(goal.cluster, present.cluster, extensions, platform);
  if (!differs && changed.size === 0) return { facts: { ...goal, ...(cluster ? { cluster } : {}) }, changed: [], lost: [], ofGoal };
  const chosenFrom = (id: StableId) => facts.get(encodeId(id))?.from;
  const edges = [
    ...goal.base.edges.filter((edge) => chosenFrom(edge.from) === goal.base && facts.has(encodeId(edge.to))),
    ...present.base.edges.filter((edge) => chosenFrom(edge.from) === present.base && facts.has(encodeId(edge.to))),
  ];
  const base = buildFactBase(
    [...facts.values()].map(({ fact }) => fact),
    edges,
    goal.base.source,
  );
  return { facts: { ...goal, base, ...(cluster ? { cluster } : {}) }, changed: [...changed].sort(), lost, ofGoal };
}

/** The encoded ids of the platform's part in which two states differ. */
export function platformChanges(before: Facts, after: Facts): Set<string> {
  const [wasOwn, isOwn] = [platformPart(before.base), platformPart(after.base)];
  const changes = new Set<string>();
  for (const id of everyId(before.base, after.base)) {
    const [was, is] = [before.base.get(id), after.base.get(id)];
    if (!sameFact(was, is) && ((was && wasOwn(id)) || (is && isOwn(id)))) changes.add(encodeId(id));
  }
  return changes;
}

/** Whether a fact is the platform's own: by its owner and schema. */
export function platformPart(base: FactBase): (id: StableId) => boolean {
  const owners = new Map<string, string>();
  const members = new Set<string>();
  for (const { kind, from, to } of base.edges) {
    if (kind === 'owner' && to.kind === 'role') owners.set(encodeId(from), to.name);
    if (kind === 'memberOfExtension') members.add(encodeId(from));
  }
  const ownedByPlatform = (id: StableId) => isPlatformOwner(owners.get(encodeId(id)) ?? '');
  const known = new Map<string, boolean>();
  const judge = (id: StableId): boolean => {
    switch (id.kind) {
      case 'role':
        return isReservedRole(id.name) && !usersRoles.has(id.name);
      case 'membership':
        return isReservedRole(id.role) && isReservedRole(id.member);
      case 'defaultPrivilege':
        return isPlatformOwner(id.role);
      case 'comment':
      case 'securityLabel':
      case 'acl':
        return own(id.target);
      case 'policy':
        return false;
      case 'trigger':
        return (
          platformSchemas.includes(id.schema) &&
          own({ kind: 'table', schema: id.schema, name: id.table }) &&
          callsOwn(base.get(id), id.schema)
        );
      case 'publicationRel':
      case 'publicationSchema':
        return own({ kind: 'publication', name: id.publication });
      case 'publication':
      case 'eventTrigger':
      case 'fdw':
      case 'server':
        return ownedByPlatform(id);
      case 'schema':
        return platformSchemas.includes(id.name) && ownedByPlatform(id);
      case 'extension':
      case 'subscription':
      case 'userMapping':
        return false;
    }
    const parent = base.get(id)?.parent;
    if (owners.has(encodeId(id))) return 'schema' in id && platformSchemas.includes(id.schema!) && ownedByPlatform(id);
    return parent !== undefined && parent.kind !== 'schema' && own(parent);
  };
  const own = (id: StableId): boolean => {
    const encoded = encodeId(id);
    // What belongs to an extension comes and goes with it, and users make those.
    const value = known.get(encoded) ?? (!members.has(encoded) && judge(id));
    known.set(encoded, value);
    return value;
  };
  return own;
}

function membersOf(base: FactBase, extensions: Set<string>): string[] {
  if (extensions.size === 0) return [];
  return base.edges.flatMap(({ kind, from, to }) =>
    kind === 'memberOfExtension' && to.kind === 'extension' && extensions.has(to.name) ? [encodeId(from)] : [],
  );
}

/** A trigger of the platform calls a function that is beside its table. */
const callsOwn = (trigger: Fact | undefined, schema: string): boolean =>
  new RegExp(`EXECUTE (?:FUNCTION|PROCEDURE) "?${schema}"?\\.`, 'i').test(JSON.stringify(trigger?.payload ?? {}));

/** Rights of a role are the platform's where it made the role; its settings are users' where they work with it. */
function rolePayload(name: string, was: Fact, is: Fact): Fact['payload'] {
  return isReservedRole(name) ? { ...is.payload, config: was.payload.config! } : was.payload;
}

/** Facts whose parent is gone are left out, and told where users made them. */
function dropOrphans(facts: Map<string, { fact: Fact }>): StableId[] {
  const lost: StableId[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const [encoded, { fact }] of facts) {
      if (fact.parent === undefined || facts.has(encodeId(fact.parent))) continue;
      facts.delete(encoded);
      lost.push(fact.id);
      found = true;
    }
  }
  return lost.filter((id) => id.kind !== 'acl' && id.kind !== 'comment');
}

function* everyId(...bases: FactBase[]): Generator<StableId> {
  const seen = new Set<string>();
  for (const base of bases) {
    for (const { id } of base.facts()) {
      const encoded = encodeId(id);
      if (seen.has(encoded)) continue;
      seen.add(encoded);
      yield id;
    }
  }
}

const sameFact = (a: Fact | undefined, b: Fact | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && canonical(a.payload) === canonical(b.payload));
const canonical = (payload: Fact['payload']): string =>
  JSON.stringify(payload, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

function ownerWord(id: StableId, base: FactBase): string {
  if ('target' in id) return ownerWord(id.target, base);
  if (id.kind === 'schema') return `schema ${id.name}`;
  if ('schema' in id && id.schema) return `schema ${id.schema}`;
  if (id.kind === 'membership' || id.kind === 'role' || id.kind === 'defaultPrivilege') return 'its roles';
  return 'name' in id ? `${id.kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${id.name}` : 'its publications';
}

/** "schema.name", as grants are told by. */
export const placeOf = (id: StableId): string =>
  'schema' in id && 'table' in id
    ? `${id.schema}.${id.table}`
    : 'schema' in id && 'name' in id
      ? `${id.schema}.${id.name}`
      : 'name' in id
        ? id.name
        : encodeId(id);

/** Whether what users gave is another now. A snapshot of an older version does not say who gave what: then all of it counts as users'. */
const usersChanged = (id: StableId & { kind: 'acl' }, goal: Facts, present: Facts): boolean =>
  !goal.cluster || givenTo(goal.cluster, id) !== givenTo(present.cluster, id);

/** What belongs to the platform's roles alone stays as it is, and the database is the one of now. */
function settleCluster(
  goal: ClusterFacts | undefined,
  present: ClusterFacts | undefined,
  stuck: Set<string>,
  platform: boolean,
): ClusterFacts | undefined {
  if (!goal || !present) return goal;
  const extensions = {
    ...goal.extensions,
    ...Object.fromEntries([...stuck].flatMap((name) => (present.extensions[name] === undefined ? [] : [[name, present.extensions[name]]]))),
  };
  if (!platform) return { ...goal, extensions };
  const kept = (entries: Record<string, string>, platform: boolean) =>
    Object.entries(entries).filter(([key]) => isPlatformKey(parseClusterKey(key)) === platform);
  const entries = Object.fromEntries([...kept(goal.entries, false), ...kept(present.entries, true)].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...goal, database: present.database, entries, extensions };
}

const isPlatformKey = (key: ClusterKey): boolean => {
  if (key[0] === 'options') return isReservedRole(key[1]) && isReservedRole(key[2]);
  return key[0] === 'predefined' ? isReservedRole(key[1]) : isPlatformOwner(key[1]);
};

const givenTo = (cluster: ClusterFacts | undefined, id: StableId & { kind: 'acl' }): string | undefined =>
  cluster?.givenByUsers[`${placeOf(id.target)}${id.column ? `.${id.column}` : ''} to ${id.grantee}`];
