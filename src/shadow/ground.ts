import { buildFactBase, encodeId, type StableId } from '@supabase/pg-delta';
import { parseClusterKey, type ClusterFacts } from '../snapshot/cluster-facts.ts';
import { sameFacts, type Facts } from '../snapshot/facts.ts';
import { settleGoal } from '../snapshot/settle-goal.ts';
import type { State } from '../snapshot/state.ts';
import type { Shadow } from './shadow.ts';
import type { UseShadow } from './shadows.ts';

/** Whether a database is that of a Supabase project: it has the schemas and roles that every one of them has. */
export const isProject = ({ base }: Facts): boolean =>
  base.has({ kind: 'schema', name: 'auth' }) &&
  base.has({ kind: 'schema', name: 'storage' }) &&
  base.has({ kind: 'role', name: 'authenticated' });

const isOfRoles = (id: StableId) => id.kind === 'role' || id.kind === 'membership';

/**
 * What there was before anybody made anything: `fresh` as the login of `present` sees it. The platform's own things change with its versions,
 * so those are as they are now. Beside a plain database there are the roles of its server, which are not the database's own.
 */
export function groundOf(fresh: State, present: State): State {
  const ground = { ...fresh, session: present.session };
  return isProject(present.facts)
    ? settleGoal(ground, undefined, present).goal
    : { ...ground, facts: withRolesOf(fresh.facts, present.facts) };
}

/** The same facts with the roles of another state, their attributes, settings and memberships. */
export function withRolesOf(facts: Facts, { base: other, cluster }: Facts): Facts {
  const kept = facts.base.facts().filter(({ id }) => !isOfRoles(id));
  const roles = other.facts().filter(({ id }) => isOfRoles(id));
  const all = [...kept, ...roles];
  const there = new Set(all.map(({ id }) => encodeId(id)));
  const edges = [...facts.base.edges.filter(({ from }) => !isOfRoles(from)), ...other.edges.filter(({ from }) => isOfRoles(from))].filter(
    ({ from, to }) => there.has(encodeId(from)) && there.has(encodeId(to)),
  );
  return {
    ...facts,
    base: buildFactBase(all, edges, facts.base.source),
    ...(facts.cluster && cluster ? { cluster: withRoleEntries(facts.cluster, cluster) } : {}),
  };
}

/** Settings and grants are a database's own, the rest is of roles. */
function withRoleEntries(own: ClusterFacts, other: ClusterFacts): ClusterFacts {
  const of = ({ entries }: ClusterFacts, roles: boolean) =>
    Object.entries(entries).filter(([key]) => ['setting', 'grant'].includes(parseClusterKey(key)[0]) !== roles);
  return { ...own, entries: Object.fromEntries([...of(own, false), ...of(other, true)].sort(([a], [b]) => (a < b ? -1 : 1))) };
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
