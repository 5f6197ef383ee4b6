import type { Node, RangeVar } from 'libpg-query';
import type { Statement } from './statements.ts';
import { tableName, walk } from './tree.ts';

export type RowChange = 'insert' | 'update' | 'delete' | 'truncate';

/** A table whose rows a statement changes: `schema.table` as written, or the bare name. */
export interface DmlTarget {
  table: string;
  change: RowChange;
  line: number;
  /** Whether the statement picks rows: a WHERE, or the conditions of a MERGE. */
  filtered: boolean;
  /** The columns that an UPDATE names. */
  columns?: string[];
}

/** Tables that INSERT, UPDATE, DELETE, MERGE, TRUNCATE and COPY name, also within WITH; not what functions and DO blocks do. */
export function dmlTargets(statements: Statement[]): DmlTarget[] {
  const targets: DmlTarget[] = [];
  for (const { node, line } of statements) {
    const add = (table: RangeVar | undefined, change: RowChange, filtered: boolean, columns?: string[]) => {
      if (table) targets.push({ table: tableName(table), change, line, filtered, ...(columns ? { columns } : {}) });
    };
    if (!mayChangeRows(node)) continue;
    walk(node, (kind, value) => {
      const statement = { [kind]: value } as unknown as Node;
      if ('InsertStmt' in statement) {
        add(statement.InsertStmt.relation, 'insert', false);
        const conflict = statement.InsertStmt.onConflictClause;
        if (conflict?.action === 'ONCONFLICT_UPDATE') add(statement.InsertStmt.relation, 'update', true);
      } else if ('UpdateStmt' in statement)
        add(
          statement.UpdateStmt.relation,
          'update',
          statement.UpdateStmt.whereClause !== undefined,
          (statement.UpdateStmt.targetList ?? []).flatMap((target) => ('ResTarget' in target ? [target.ResTarget.name ?? ''] : [])),
        );
      else if ('DeleteStmt' in statement) add(statement.DeleteStmt.relation, 'delete', statement.DeleteStmt.whereClause !== undefined);
      else if ('CopyStmt' in statement && statement.CopyStmt.is_from) add(statement.CopyStmt.relation, 'insert', false);
      else if ('TruncateStmt' in statement)
        for (const name of statement.TruncateStmt.relations ?? []) add('RangeVar' in name ? name.RangeVar : undefined, 'truncate', false);
      else if ('MergeStmt' in statement)
        for (const clause of statement.MergeStmt.mergeWhenClauses ?? []) {
          const change = 'MergeWhenClause' in clause ? mergeChange[clause.MergeWhenClause.commandType ?? ''] : undefined;
          if (change) add(statement.MergeStmt.relation, change, change !== 'insert');
        }
    });
  }
  return targets;
}

const mergeChange: Record<string, RowChange> = { CMD_INSERT: 'insert', CMD_UPDATE: 'update', CMD_DELETE: 'delete' };

/** Bodies of functions, rules and procedures hold statements that do not run now. */
const mayChangeRows = (node: Node) => !('CreateFunctionStmt' in node || 'RuleStmt' in node || 'PrepareStmt' in node);
