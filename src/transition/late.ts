import { farTables, isLate, locksFar } from '../migration/far-locks.ts';
import type { Statement } from '../migration/statements.ts';
import type { Batch } from '../migration/transaction.ts';

/** The end of a script that keeps others waiting far beyond its own tables: it can run last, when all else is done and checked. */
export interface Late {
  /** What comes before. */
  main: Batch[];
  late: Batch[];
  /** What `main` set for its session, to be set again before `late`. */
  settings: string;
  /** Tables that `late` locks and `main` does not name, by "schema"."name". */
  tables: string[];
}

/**
 * Cuts the longest such end off these batches of a script; `late` is empty where there is none, or where it can't be told what would hold for it.
 * `exclusive` are tables that the whole locks against readers. The first `fixed` batches stay as they are: what follows them must come after them.
 */
export function cutLate(batches: Batch[], exclusive: string[], fixed = 0): Late {
  const statements = batches.flatMap((batch) => batch.statements);
  const least = batches.slice(0, fixed).flatMap((batch) => batch.statements).length;
  const end = statements.slice(Math.max(least, statements.findLastIndex((statement) => !isLate(statement)) + 1));
  const first = end.find(locksFar);
  const whole = { main: batches, late: [], settings: '', tables: [] };
  if (!first) return whole;
  const before = statements.slice(0, statements.indexOf(first));
  const settings = settingsOf(before);
  if (settings === undefined) return whole;
  const [main, late] = cutBefore(batches, first);
  const text = before
    .map((statement) => statement.text)
    .join('\n')
    .toLowerCase();
  const named = statements.slice(before.length).flatMap(farTables);
  const tables = exclusive.filter((table) => {
    const [schema, name] = partsOf(table);
    return named.some((one) => one.name === name && (one.schema ?? schema) === schema) && !text.includes(name.toLowerCase());
  });
  return { main, late, settings, tables };
}

function cutBefore(batches: Batch[], first: Statement): [main: Batch[], late: Batch[]] {
  const at = batches.findIndex((batch) => batch.statements.includes(first));
  const batch = batches[at]!;
  const split = batch.statements.indexOf(first);
  const parts = [batch.statements.slice(0, split), batch.statements.slice(split)].map((statements) =>
    statements.length === 0 ? [] : [{ ...batch, start: statements[0]!.start, end: statements.at(-1)!.end, statements }],
  );
  return [
    [...batches.slice(0, at), ...parts[0]!],
    [...parts[1]!, ...batches.slice(at + 1)],
  ];
}

/** What was set, as statements; undefined where it can't be set again by the same words. */
function settingsOf(statements: Statement[]): string | undefined {
  if (
    statements.some(
      ({ node, text }) =>
        'TransactionStmt' in node ||
        /\bset_config\b/i.test(text) ||
        ('DoStmt' in node && /\bset\s+(?:local\s+|session\s+)?(?:search_path|role)\b/i.test(text)) ||
        ('VariableSetStmt' in node && node.VariableSetStmt.kind === 'VAR_SET_MULTI'),
    )
  )
    return undefined;
  return statements
    .filter(({ node }) => 'VariableSetStmt' in node)
    .map(({ text }) => `${text}\n;`)
    .join('\n');
}

const partsOf = (table: string): [schema: string, name: string] => {
  const [schema = '', name = ''] = [...table.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => match[1]!.replaceAll('""', '"'));
  return [schema, name];
};
