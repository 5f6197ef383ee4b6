import { encodeId, type Action, type StableId } from '@supabase/pg-delta';
import type { Facts } from '../snapshot/facts.ts';

/** What a statement of a plan depends on, and what it changes; objects by their ids as text. */
export interface Reach {
  touches: Set<string>;
  changes: Set<string>;
}

/** The reach of an action: what it names, and what the objects that it removes or makes depend on. */
export function reachOf(
  { verb, sql, produces, consumes, destroys, releases }: Action,
  dependsOn: { from: DependsOn; to: DependsOn },
): Reach {
  const keys = (ids: StableId[]) => ids.map(encodeId);
  const [made, gone] = [keys(produces), keys(destroys)];
  // What these change, no policy or trigger of the table depends on.
  const mild = /^ALTER TABLE .* (?:(?:ENABLE|DISABLE|FORCE|NO FORCE) ROW LEVEL SECURITY|ADD COLUMN .*)$/s.test(sql);
  const changes = [...made, ...gone, ...keys(releases), ...(verb === 'alter' && !mild ? keys(consumes) : [])];
  return {
    changes: new Set(changes),
    touches: new Set([
      ...changes,
      ...keys(consumes),
      ...gone.flatMap((key) => dependsOn.from.get(key) ?? []),
      ...made.flatMap((key) => dependsOn.to.get(key) ?? []),
    ]),
  };
}

export type DependsOn = Map<string, string[]>;

export function dependencies({ base }: Facts): DependsOn {
  const found: DependsOn = new Map();
  for (const { from, to } of base.edges) {
    const key = encodeId(from);
    found.set(key, [...(found.get(key) ?? []), encodeId(to)]);
  }
  return found;
}

const name = '"(?:[^"]|"")*"';
/** Whether a plan with that statement gains from another order. */
export const asksForOrder = (sql: string): boolean => far.test(sql) || drop.test(sql);

const far = /^(?:(?:CREATE|ALTER|DROP) POLICY|DROP TRIGGER|CREATE TRIGGER .* ON "?(?:auth|storage|realtime)"?\.) ?/s;
const movable = /^(?:(?:CREATE|ALTER|DROP) POLICY |DROP TRIGGER |CREATE (?:CONSTRAINT )?TRIGGER |COMMENT ON (?:POLICY|TRIGGER) )/;

/**
 * Puts the statements that keep others waiting far beyond their own tables as late as what they depend on allows, with the functions whose
 * triggers and policies go; the order is kept otherwise.
 */
export function farLocksLast<T extends { sql: string; reach: Reach }>(statements: T[]): T[] {
  if (!statements.some(({ sql }) => far.test(sql))) return statements;
  const leaving = new Set(statements.flatMap(({ sql, reach }) => (/^DROP (?:POLICY|TRIGGER) /.test(sql) ? [...reach.touches] : [])));
  const early: T[] = [];
  const late: T[] = [];
  const behind: Reach = { touches: new Set(), changes: new Set() };
  for (const statement of [...statements].reverse()) {
    const { sql, reach } = statement;
    const moves = movable.test(sql) || (/^DROP (?:FUNCTION|PROCEDURE) /.test(sql) && [...reach.changes].some((key) => leaving.has(key)));
    if (moves && !inOrder(statement.reach, behind)) {
      late.push(statement);
      continue;
    }
    early.push(statement);
    for (const key of reach.touches) behind.touches.add(key);
    for (const key of reach.changes) behind.changes.add(key);
  }
  return [...early.reverse(), ...late.reverse()];
}

/** Whether two statements have to keep their order. */
const inOrder = (a: Reach, b: Reach): boolean => meet(a.touches, b.changes) || meet(a.changes, b.touches);

const meet = (some: Set<string>, others: Set<string>): boolean => [...some].some((key) => others.has(key));

const drop = new RegExp(String.raw`^DROP TRIGGER (${name}) ON (${name}\.${name})$`);

/**
 * A trigger that is dropped and made again is replaced: CREATE OR REPLACE TRIGGER locks no table but its own. Not where it is a constraint trigger, where
 * it had a comment (which would stay), or where what stands between the two needs them apart. `commented` tells by the trigger's id.
 */
export function replaceTriggers<T extends { sql: string; reach: Reach }>(statements: T[], commented: (trigger: string) => boolean): T[] {
  let result = statements;
  for (const dropping of statements.filter(({ sql }) => drop.test(sql))) {
    const making = result.find(
      ({ sql, reach }) => sql.startsWith('CREATE TRIGGER ') && [...reach.changes].some((key) => dropping.reach.changes.has(key)),
    );
    if (!making || [...dropping.reach.changes].some(commented)) continue;
    const [at, until] = [result.indexOf(dropping), result.indexOf(making)];
    const between = result.slice(at + 1, until);
    if (until < at) continue;
    const replacing = { ...making, sql: making.sql.replace(/^CREATE TRIGGER /, 'CREATE OR REPLACE TRIGGER ') };
    const others = (one: T) => [...between].filter((other) => inOrder(one.reach, other.reach));
    if (others(making).length === 0) result = [...result.slice(0, at), replacing, ...between, ...result.slice(until + 1)];
    else if (others(dropping).length === 0) result = [...result.slice(0, at), ...between, replacing, ...result.slice(until + 1)];
  }
  return result;
}
