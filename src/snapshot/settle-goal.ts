import type { StableId } from '@supabase/pg-delta';
import type { Facts } from './facts.ts';
import { describeId } from './facts.ts';
import type { Identity, Thing } from './identity.ts';
import { platformPart, settlePlatform, type SettleOptions } from './platform-part.ts';
import { platformSchemas } from './platform-names.ts';
import { settleDump } from './platform-dump.ts';
import { sha256, type State } from './state.ts';

/** A goal as it can be reached: the platform's own part is that of now. */
export interface SettledGoal {
  goal: State;
  identity: Identity | undefined;
  /** What the platform changed of its own since. */
  changed: string[];
  /** What users made on what the platform took away, in words. */
  lost: string[];
}

/** Takes the platform's own part of now into a goal, so that it is neither planned back nor judged. */
export function settleGoal(
  goal: State,
  identity: Identity | undefined,
  present: State & { identity?: Identity },
  options: SettleOptions = {},
): SettledGoal {
  const { facts, changed, lost, ofGoal } = settlePlatform(goal.facts, present.facts, options);
  if (changed.length === 0) return { goal: facts === goal.facts ? goal : { ...goal, facts }, identity, changed, lost: [] };
  const sql = settleDump(goal.sql, present.sql, ofGoal, lost.map(entryOf));
  return {
    goal: { ...goal, facts, sql, sha256: sha256(sql) },
    identity: identity && present.identity && settleIdentity(identity, present.identity, present.facts),
    changed,
    lost: lost.map(describeId),
  };
}

/** How an entry of a dump names what is part of a table. */
const entryOf = (id: StableId): string =>
  id.kind === 'publicationRel'
    ? `${id.publication} ${id.table}; Type: PUBLICATION TABLE; Schema: ${id.schema}`
    : 'table' in id
      ? `${id.table} ${id.name}; Type: ${id.kind.toUpperCase()}; Schema: ${id.schema}`
      : describeId(id);

/** The platform's own things under the names that they have now: nothing of them is taken for renamed. */
function settleIdentity(goal: Identity, present: Identity, facts: Facts): Identity {
  const own = platformPart(facts.base);
  const isOwn = ({ things }: Identity, thing: Thing): boolean => {
    if (thing.kind === 'trigger' || thing.kind === 'policy') return false;
    const parent = thing.parent === undefined ? undefined : things[thing.parent];
    if (parent) return isOwn({ origin: '', things }, parent);
    if (thing.kind === 'schema') return platformSchemas.includes(thing.name);
    if (!platformSchemas.includes(thing.schema)) return false;
    const id = { kind: thing.kind === 'materialized view' ? 'materializedView' : thing.kind, schema: thing.schema, name: thing.name } as {
      kind: 'table';
      schema: string;
      name: string;
    };
    return thing.kind === 'function' || thing.kind === 'procedure' || thing.kind === 'aggregate' || !facts.base.has(id) || own(id);
  };
  const things: Record<string, Thing> = {};
  for (const [key, thing] of Object.entries(goal.things)) {
    if (!isOwn(goal, thing)) things[key] = thing;
    else if (present.things[key]) things[key] = present.things[key];
  }
  return { ...goal, things };
}
