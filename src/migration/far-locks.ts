import type { Statement } from './statements.ts';
import { codeOf, nameParts, withoutComments } from './tree.ts';

/** A table that a statement on a policy or trigger names, as written. */
export interface OnTable {
  schema: string | undefined;
  name: string;
}

const platform = new Set(['auth', 'storage', 'realtime']);

/**
 * Whether a statement keeps more waiting than who uses its own table: on the hosted platform CREATE, ALTER and DROP POLICY and DROP TRIGGER
 * (also one that finds nothing to drop) lock tables of auth, storage and realtime against readers until COMMIT, whatever table they name.
 */
export function locksFar({ node }: Pick<Statement, 'node'>): boolean {
  if ('CreatePolicyStmt' in node || 'AlterPolicyStmt' in node) return true;
  if ('CreateTrigStmt' in node) return platform.has(node.CreateTrigStmt.relation?.schemaname ?? '');
  if ('RenameStmt' in node) return node.RenameStmt.renameType === 'OBJECT_POLICY';
  if ('DropStmt' in node) return node.DropStmt.removeType === 'OBJECT_POLICY' || node.DropStmt.removeType === 'OBJECT_TRIGGER';
  if ('DoStmt' in node)
    return /\b(?:create|alter|drop)\s+policy\b|\bdrop\s+trigger\b/i.test(withoutComments(codeOf(node) ?? '', { strings: true }));
  return false;
}

/** The tables that such a statement names. */
export function farTables({ node }: Pick<Statement, 'node'>): OnTable[] {
  const table =
    'CreatePolicyStmt' in node
      ? node.CreatePolicyStmt.table
      : 'AlterPolicyStmt' in node
        ? node.AlterPolicyStmt.table
        : 'CreateTrigStmt' in node
          ? node.CreateTrigStmt.relation
          : 'RenameStmt' in node
            ? node.RenameStmt.relation
            : undefined;
  if (table) return [{ schema: table.schemaname, name: table.relname ?? '' }];
  if (!('DropStmt' in node) || !locksFar({ node })) return [];
  return (node.DropStmt.objects ?? []).map((object) => {
    const parts = nameParts(object);
    return { schema: parts.at(-3), name: parts.at(-2) ?? '' };
  });
}

/** What may stand among those at the end of a file: it changes policies, triggers and their comments, or drops a function, and does nothing to rows. */
export function isLate({ node }: Pick<Statement, 'node'>): boolean {
  if ('DoStmt' in node) return false;
  if (locksFar({ node }) || 'CreateTrigStmt' in node) return true;
  if ('CommentStmt' in node) return node.CommentStmt.objtype === 'OBJECT_POLICY' || node.CommentStmt.objtype === 'OBJECT_TRIGGER';
  if (!('DropStmt' in node)) return false;
  return (
    ['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE'].includes(node.DropStmt.removeType ?? '') &&
    node.DropStmt.behavior !== 'DROP_CASCADE'
  );
}
