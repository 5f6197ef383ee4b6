import { dmlTargets } from './dml-targets.ts';
import { farTables, locksFar } from './far-locks.ts';
import type { Hazard } from './hazards.ts';
import type { Statement } from './statements.ts';
import { nameParts } from './tree.ts';

const locks = 'locks tables of auth, storage and realtime on the hosted platform, so that logins wait until COMMIT';

/** Where a file keeps others waiting without need: a trigger dropped and made again, DROP … IF EXISTS, what takes long behind such a lock. */
export function lockHints(statements: Statement[]): Hazard[] {
  const first = statements.findIndex(locksFar);
  const long = first === -1 ? undefined : statements.slice(first + 1).find(mayTakeLong);
  return statements.flatMap((statement, at): Hazard[] => {
    const hint = (more: string): Hazard[] => [
      { line: statement.line, where: statement.where, what: `${locks}${more}`, loses: 'nothing', severity: 'low' },
    ];
    if (isMadeAgain(statement, statements.slice(at + 1))) return hint('; CREATE OR REPLACE TRIGGER in place of both statements does not');
    if (at === first && long) return hint(`, while ${long.where} is still to come; policies and triggers belong to the end of a file`);
    return 'DropStmt' in statement.node && statement.node.DropStmt.missing_ok && locksFar(statement)
      ? hint(', also where there is nothing to drop')
      : [];
  });
}

const mayTakeLong = (statement: Statement): boolean =>
  'IndexStmt' in statement.node || dmlTargets([statement]).some(({ change }) => change !== 'insert');

function isMadeAgain(dropping: Statement, rest: Statement[]): boolean {
  const { node } = dropping;
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_TRIGGER') return false;
  const name = nameParts(node.DropStmt.objects?.[0]).at(-1);
  const [table] = farTables(dropping);
  return rest.some(
    ({ node: other }) =>
      'CreateTrigStmt' in other &&
      !other.CreateTrigStmt.isconstraint &&
      other.CreateTrigStmt.trigname === name &&
      other.CreateTrigStmt.relation?.relname === table?.name &&
      (other.CreateTrigStmt.relation?.schemaname ?? undefined) === table?.schema,
  );
}
