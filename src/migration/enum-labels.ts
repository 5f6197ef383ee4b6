import { codeOf, nameParts, walk } from './tree.ts';
import type { Statement } from './statements.ts';

/** A label that one statement adds to an enum and a later one of the same file seems to use. */
export interface LabelUse {
  label: string;
  /** Index of the statement that adds it. */
  added: number;
  /** Index of the first statement that holds it as a string constant. */
  used: number;
}

/**
 * PostgreSQL refuses a new label until the transaction that added it has committed, unless it made the type as well. Judged by
 * the text of string constants, so the same word in another column counts too.
 */
export function labelUses(statements: Statement[]): LabelUse[] {
  const uses: LabelUse[] = [];
  const created = new Set<string>();
  const waiting = new Map<string, number>();
  statements.forEach(({ node }, index) => {
    if ('CreateEnumStmt' in node) created.add(lastPart(node.CreateEnumStmt.typeName));
    else if ('AlterEnumStmt' in node) {
      const { oldVal, newVal, typeName } = node.AlterEnumStmt;
      if (newVal && !oldVal && !created.has(lastPart(typeName))) waiting.set(newVal, index);
    } else if (waiting.size > 0 && !('CommentStmt' in node)) {
      for (const [label, added] of waiting) {
        if (!holds(node, label)) continue;
        uses.push({ label, added, used: index });
        waiting.delete(label);
      }
    }
  });
  return uses;
}

const lastPart = (name: Parameters<typeof nameParts>[0][] | undefined) => (name ?? []).flatMap(nameParts).at(-1) ?? '';

function holds(node: Statement['node'], label: string): boolean {
  const code = codeOf(node);
  if (code !== undefined) return !isCompiledLater(node) && code.includes(`'${label.replaceAll("'", "''")}'`);
  let found = false;
  walk(node, (kind, value) => {
    if (kind !== 'A_Const') return;
    const text = (value as { sval?: { sval?: string } }).sval?.sval;
    found ||= text === label || (text?.startsWith('{') === true && text.includes(label));
  });
  return found;
}

/** PL/pgSQL looks at its constants when it runs, not when the function is created. */
const isCompiledLater = (node: Statement['node']) =>
  'CreateFunctionStmt' in node && !/"sval":"sql"/i.test(JSON.stringify(node.CreateFunctionStmt.options));
