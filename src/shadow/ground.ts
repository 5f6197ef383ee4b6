import { buildFactBase, encodeId, type Fact, type FactBase, type StableId } from '@supabase/pg-delta';
import { joinDump, splitDump, titleLine, titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { sameFacts, type Facts } from '../snapshot/facts.ts';
import { sha256, type State } from '../snapshot/state.ts';
import { isPlatformsEntry, isPlatformsOwn } from './platform-own.ts';
import type { Shadow } from './shadow.ts';
import type { UseShadow } from './shadows.ts';

/** Whether a database is that of a Supabase project: it has the schemas and roles that every one of them has. */
export const isProject = ({ base }: Facts): boolean =>
  base.has({ kind: 'schema', name: 'auth' }) && base.has({ kind: 'schema', name: 'storage' }) && base.has({ kind: 'role', name: 'authenticated' });

const isOfRoles = (id: StableId) => id.kind === 'role' || id.kind === 'membership';

/**
 * What there was before anybody made anything: `fresh` as the login of `present` sees it. The platform's own things change with its versions,
 * so those are as they are now. Beside a plain database there are the roles of its server, which are not the database's own.
 */
export function groundOf(fresh: State, present: State): State {
  const ground = { ...fresh, session: present.session };
  if (!isProject(present.facts)) return { ...ground, facts: withRolesOf(fresh.facts, present.facts) };
  const facts = withPlatformOf(fresh.facts, present.facts);
  if (sameFacts(facts, fresh.facts)) return ground;
  const sql = withPlatformEntries(fresh.sql, present.sql);
  return { ...ground, facts, sql, sha256: sha256(sql) };
}

function withPlatformOf(fresh: Facts, { base: present }: Facts): Facts {
  const theirs = present.facts().filter(({ id }) => isPlatformsOwn(id, present) && !isGrantOnKnown(id, fresh.base));
  const ours = fresh.base.facts().filter(({ id }) => !isPlatformsOwn(id, fresh.base) || isGrantOnKnown(id, present));
  const chosen = new Map([...ours, ...theirs.map((fact) => withKnownSettings(fact, fresh.base))].map((fact) => [encodeId(fact.id), fact]));
  // What hangs on something that is not there goes with it.
  const isThere = (id: StableId | undefined) => id === undefined || chosen.has(encodeId(id));
  for (let gone = -1; gone !== 0; ) {
    const loose = [...chosen].filter(([, { id, parent }]) => !isThere(parent) || ('target' in id && !isThere(id.target)));
    for (const [key] of loose) chosen.delete(key);
    gone = loose.length;
  }
  const fromPresent = new Set(theirs.map(({ id }) => encodeId(id)));
  const edges = new Map(
    [...fresh.base.edges.filter(({ from }) => !fromPresent.has(encodeId(from))), ...present.edges.filter(({ from }) => fromPresent.has(encodeId(from)))]
      .filter(({ from, to }) => isThere(from) && isThere(to))
      .map((edge) => [`${encodeId(edge.from)}|${edge.kind}|${encodeId(edge.to)}`, edge]),
  );
  return { ...fresh, base: buildFactBase([...chosen.values()], [...edges.values()], fresh.base.source) };
}

/** Users may grant what is the platform's: where a fresh project has the thing too, its grants there are the ones to begin with. */
const isGrantOnKnown = (id: StableId, other: FactBase): boolean => id.kind === 'acl' && other.has(id.target);

/** Users may set these for the platform's roles. */
const usersSetting = /^(pgrst\.|statement_timeout=|lock_timeout=|idle_)/;

function withKnownSettings(fact: Fact, fresh: FactBase): Fact {
  const known = fact.id.kind === 'role' ? fresh.get(fact.id) : undefined;
  if (!known) return fact;
  const ofUsers = ({ payload }: Fact) => (payload.config as string[]).filter((setting) => usersSetting.test(setting)).join('\n');
  if (ofUsers(fact) === ofUsers(known)) return fact;
  const config = [...(fact.payload.config as string[]).filter((setting) => !usersSetting.test(setting)), ...(known.payload.config as string[]).filter((setting) => usersSetting.test(setting))].sort();
  return { ...fact, payload: { ...fact.payload, config } };
}

/** The dump of a fresh project with the platform's own entries as they are now, each behind the one that it follows now. */
function withPlatformEntries(fresh: string, present: string): string {
  const dump = splitDump(fresh);
  const now = splitDump(present).entries;
  const key = ({ header }: DumpEntry) => titleLine(header);
  const known = new Set(dump.entries.map(key));
  const isTheirs = (entry: DumpEntry) => isPlatformsEntry(entry) && !(titleOf(entry.header).type === 'ACL' && known.has(key(entry)));
  const theirs = new Map(now.filter(isTheirs).map((entry) => [key(entry), entry]));
  const entries = dump.entries.flatMap((entry) => theirs.get(key(entry)) ?? (isTheirs(entry) ? [] : [entry]));
  let before: string | undefined;
  for (const entry of now) {
    if (theirs.has(key(entry)) && !known.has(key(entry))) entries.splice(entries.findIndex((other) => key(other) === before) + 1, 0, entry);
    if (entries.some((other) => key(other) === key(entry))) before = key(entry);
  }
  return joinDump({ ...dump, entries });
}

/** The same facts with the roles of another state, their attributes, settings and memberships. */
export function withRolesOf(facts: Facts, { base: other }: Facts): Facts {
  const kept = facts.base.facts().filter(({ id }) => !isOfRoles(id));
  const roles = other.facts().filter(({ id }) => isOfRoles(id));
  const all = [...kept, ...roles];
  const there = new Set(all.map(({ id }) => encodeId(id)));
  const edges = [...facts.base.edges.filter(({ from }) => !isOfRoles(from)), ...other.edges.filter(({ from }) => isOfRoles(from))].filter(({ from, to }) => there.has(encodeId(from)) && there.has(encodeId(to)));
  return { ...facts, base: buildFactBase(all, edges, facts.base.source) };
}

/** Names of the roles that a state has beyond another one. */
export const rolesBeyond = ({ base }: Facts, { base: ground }: Facts): string[] =>
  base.facts().flatMap(({ id }) => (id.kind === 'role' && !ground.has(id) ? [id.name] : []));

/**
 * A shadow of what there was before anybody made anything. Roles are of a whole server: only on one of our own are they as they were then,
 * elsewhere they are as they are now.
 */
export const onGround = <T>(useShadow: UseShadow, ground: State, present: State, use: (shadow: Shadow) => Promise<T>): Promise<T> => {
  const withRoles = { ...ground, facts: withRolesOf(ground.facts, present.facts) };
  return useShadow(withRoles, async (shadow) => {
    if (shadow.kind === 'embedded' && !sameFacts(withRoles.facts, ground.facts)) await shadow.reload!(ground);
    return use(shadow);
  });
};
