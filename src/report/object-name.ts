import type { StableId } from '@supabase/pg-delta';
import { describeId } from '../snapshot/facts.ts';

/** An object as a report lists it: under a kind, by a name that is whole within that kind. */
export interface ObjectName {
  kind: string;
  name: string;
}

/** `{ kind: 'column', name: 'public.minds.title' }`, `{ kind: 'grant', name: 'anon on table public.minds' }`. */
export function objectName(id: StableId): ObjectName {
  const words = describeId(id);
  const [kind, prefix] = special[id.kind] ?? [spaced(id.kind), `${spaced(id.kind)} `];
  return { kind, name: words.startsWith(prefix) ? words.slice(prefix.length) : words };
}

/** Kinds that are said in other words than the planner's, and what a description of them begins with. */
const special: Partial<Record<StableId['kind'], [kind: string, prefix: string]>> = {
  acl: ['grant', 'grants to '],
  comment: ['comment', 'comment on '],
  securityLabel: ['security label', 'security label on '],
  membership: ['role membership', 'membership of '],
  userMapping: ['user mapping', 'user mapping of '],
  defaultPrivilege: ['default privilege', 'default privileges of '],
  publicationRel: ['published table', 'table '],
  publicationSchema: ['published schema', 'schema '],
  typeAttribute: ['attribute', 'attribute '],
  extensionIntent: ['extension setting', ''],
  fdw: ['foreign data wrapper', 'fdw '],
};

const spaced = (kind: string) => kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** The order in which kinds are told; those not named here follow by the alphabet. */
const order = [
  'schema',
  'extension',
  'table',
  'foreign table',
  'column',
  'view',
  'materialized view',
  'policy',
  'function',
  'procedure',
  'aggregate',
  'trigger',
  'event trigger',
  'type',
  'domain',
  'attribute',
  'index',
  'constraint',
  'rule',
  'sequence',
  'grant',
  'default privilege',
  'comment',
];

export function compareKinds(a: string, b: string): number {
  const place = (kind: string) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return place(a) - place(b) || compareText(a, b);
}

/** By code unit, so that every machine sorts alike. */
export const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** "1 policy", "16 policies", "2 indexes". */
export function countOf(count: number, kind: string): string {
  if (count === 1) return `1 ${kind}`;
  if (/[^aeiou]y$/.test(kind)) return `${count} ${kind.slice(0, -1)}ies`;
  return `${count} ${kind}${/(x|s|ch|sh)$/.test(kind) ? 'es' : 's'}`;
}
