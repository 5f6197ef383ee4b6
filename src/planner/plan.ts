import { encodeId, plan, type Action } from '@supabase/pg-delta';
import { failed } from '../errors.ts';
import { describeId, type Facts } from '../snapshot/facts.ts';
import { impliedGrants, planCluster } from './cluster-plan.ts';
import { updateExtensions } from './extension-versions.ts';
import { fillOptions } from './unrecoverable.ts';
import { arrangeForReturn, returnPoint, type Arranged } from './arrange.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import { respell } from '../snapshot/spelling.ts';
import { mendEnumCast, mendOrder, mendStatement } from './mend.ts';
import { asksForOrder, dependencies, farLocksLast, reachOf, replaceTriggers } from './late-order.ts';
import type { Rename } from './renames.ts';

/** One statement of a plan, and what there is to fear of it. */
export interface PlannedStatement {
  sql: string;
  /** The strongest lock it takes on something that exists: "none", "share", "accessExclusive" … */
  lock: string;
  /** Whether it may rewrite a whole table. */
  rewrites: boolean;
  /** Columns that return to a table that stays; they will stand last in it. */
  returns: string[];
}

/** Statements that take a database from one state to another, in order. */
export interface TransitionPlan {
  /** SET LOCAL before the first statement. */
  settings: { name: string; value: string }[];
  renames: Rename[];
  statements: PlannedStatement[];
}

/**
 * Plans the way from one state to another. `from` is the state after `renames`; `goalSql`, the dump of `to`, tells how its
 * expressions are spelled. Throws a Problem when no plan exists.
 */
export function planTransition(from: Facts, to: Facts, renames: Rename[] = [], goalSql = ''): TransitionPlan {
  let planned: ReturnType<typeof plan>;
  try {
    planned = plan(from.base, to.base, { renames: 'off' });
  } catch (error) {
    throw failed('not_proven', `No statements are known that lead back: ${(error as Error).message}`, {
      state: 'Nothing was changed.',
      next: 'Write the rollback by hand into supabase/rollback/<timestamp>_rollback.sql; it will be rehearsed and proven the same way.',
      cause: error,
    });
  }
  const enums = enumNames(to);
  const roles = new Set(to.base.facts().flatMap(({ id }) => (id.kind === 'role' ? [id.name] : [])));
  const { first, last } = planCluster(from.cluster, to.cluster, roles);
  const implied = impliedGrants(to.cluster, new Set([...roles].filter((name) => !from.base.has({ kind: 'role', name }))));
  const plain = (sql: string): PlannedStatement => ({ sql, lock: 'none', rewrites: false, returns: [] });
  return {
    settings: planned.preamble.map(({ name, value }) => ({ name, value })),
    renames,
    statements: [
      ...[...updateExtensions(from, to), ...first].map(plain),
      ...inGoodOrder(
        planned.actions.filter((action) => !comesWithExtension(action, from, to)),
        from,
        to,
        (action) => statementOf(action, from, { enums, goalSql, versions: to.cluster?.extensions ?? {} }),
      ),
      ...last.map(plain),
    ].filter(({ sql }) => !implied.has(sql)),
  };
}

function inGoodOrder(actions: Action[], from: Facts, to: Facts, statementOf: (action: Action) => PlannedStatement): PlannedStatement[] {
  if (!actions.some(({ sql }) => asksForOrder(sql))) return mendOrder(actions.map(statementOf));
  const dependsOn = { from: dependencies(from), to: dependencies(to) };
  const mended = mendOrder(actions.map((action) => ({ ...statementOf(action), reach: reachOf(action, dependsOn) })));
  const commented = new Set(from.base.facts().flatMap(({ id }) => (id.kind === 'comment' ? [encodeId(id.target)] : [])));
  return replaceTriggers(farLocksLast(mended), (trigger) => commented.has(trigger)).map(({ reach: _, ...statement }) => statement);
}

/** What may be done with the members of an extension that is made: its script and the default privileges of its maker say so. */
function comesWithExtension({ sql, produces, consumes }: Action, from: Facts, to: Facts): boolean {
  if (!/^(GRANT|REVOKE) /.test(sql)) return false;
  return [...produces, ...consumes].some(
    (id) =>
      id.kind === 'acl' &&
      to.base.outgoingEdges(id.target).some(({ kind, to: extension }) => kind === 'memberOfExtension' && !from.base.has(extension)),
  );
}

function statementOf(
  action: Action,
  from: Facts,
  goal: { enums: Set<string>; goalSql: string; versions: Record<string, string> },
): PlannedStatement {
  return {
    sql: fillOptions(
      respell(
        mendEnumCast(inVersion(mendStatement(action.sql.replace(/;\s*$/, '')), goal.versions), (type) => goal.enums.has(type)),
        goal.goalSql,
      ),
      goal.goalSql,
    ),
    lock: action.lockClass,
    rewrites: action.rewriteRisk,
    returns: action.produces
      .filter((id) => id.kind === 'column' && from.base.has({ kind: 'table', schema: id.schema, name: id.table }))
      .map(describeId),
  };
}

/** An extension comes back in the version that it had. */
const inVersion = (sql: string, versions: Record<string, string>): string => {
  const name = /^CREATE EXTENSION (?:IF NOT EXISTS )?"((?:[^"]|"")*)"/.exec(sql)?.[1]?.replaceAll('""', '"');
  const version = name === undefined ? undefined : versions[name];
  return version === undefined ? sql : `${sql} VERSION ${quoteText(version)}`;
};

/** As PostgreSQL writes the names of types: quoted only where they need it. */
const enumNames = ({ base }: Facts): Set<string> => {
  const written = (name: string) => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteName(name));
  return new Set(
    base
      .facts()
      .flatMap(({ id, payload }) =>
        id.kind === 'type' && payload.variant === 'enum' ? [`${written(id.schema)}.${written(id.name)}`] : [],
      ),
  );
};

/** Every statement of the plan in the order it runs, without the settings; kept rows return between `early` and `late`. */
export function arrangedStatements(transition: TransitionPlan): Arranged {
  const { early, late } = arrangeForReturn(transition.statements.map((statement) => statement.sql));
  return { early: [...transition.renames.map((rename) => rename.sql), ...early], late };
}

/** Every statement of the plan in order, without the settings. */
export function planStatements(transition: TransitionPlan): string[] {
  const { early, late } = arrangedStatements(transition);
  return [...early, ...late];
}

/** The plan as SQL text, with a comment where kept rows return. */
export function planText(transition: TransitionPlan): string {
  const { early, late } = arrangedStatements(transition);
  const lines = (statements: string[]) => statements.map((sql) => `${sql};\n`).join('');
  return `${lines([...planSettings(transition), ...early])}\n${returnPoint}\n\n${lines(late)}`;
}

/** The settings as statements of the transaction that runs the plan. */
export const planSettings = (transition: TransitionPlan): string[] =>
  transition.settings.map(({ name, value }) => `SET LOCAL ${name} = ${value}`);
