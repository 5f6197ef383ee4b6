import { failed, type Problem } from '../errors.ts';
import type { Statement } from '../migration/statements.ts';
import { placeAt, type ServerError, sqlProblem } from '../sql-error.ts';
import type { SmokeTest } from './parse-test.ts';

/**
 * The exception that ended a test, with the place in its file: the server's position where there is one; else, inside a DO block,
 * the line that raised it; else the statement. `completed` statements had run before.
 */
export function problemOfTest(test: SmokeTest, error: ServerError, completed: number, more: { state: string; timeoutMs: number }): Problem {
  const first = test.statements[0]!;
  const statement = test.statements[completed] ?? test.statements.at(-1)!;
  const start = Number(error.position ?? 0) > 0 ? first.start : statement.first;
  const next = remedy(error, more.timeoutMs);
  const problem = sqlProblem(error, test.file, test.text, start, { state: more.state, next });
  const offset = Number(error.position ?? 0) > 0 ? undefined : offsetInBlock(test.text, statement, error.where);
  if (offset === undefined) return problem;
  const place = placeAt(test.file, test.text, offset);
  return failed('sql_failed', problem.message, { place, detail: problem.detail, state: more.state, next, cause: error });
}

function remedy(error: ServerError, timeoutMs: number): string | undefined {
  if (error.code === '57014') return `A statement of a test may take ${timeoutMs / 1000} s. Look what it waits for, or make it smaller.`;
  if (
    /extension "pgtap" is not available|extension\/pgtap\.control/.test(error.message) ||
    (error.code === '42883' && /^function (no_)?plan\(/.test(error.message))
  )
    return 'The test calls pgTAP and does not find it: install it on that server (Debian: postgresql-17-pgtap, with the number of its version), or name its schema in search_path.';
  if (error.code === '55P04')
    return 'A label that ALTER TYPE … ADD VALUE brings can be used only after the migration is committed; test it in a later one.';
  return undefined;
}

/** PL/pgSQL counts lines from the one that holds the opening dollar quote; the outermost block stands last in the context. */
function offsetInBlock(text: string, { kind, first, end }: Statement, where: string | undefined): number | undefined {
  if (kind !== 'DoStmt') return undefined;
  const contexts = [...(where ?? '').matchAll(/\binline_code_block\b\D*(\d+)/g)];
  const line = Number(contexts.at(-1)?.[1]);
  const quote = /\$\w*\$/.exec(text.slice(first, end));
  if (!line || !quote) return undefined;
  let offset = first + quote.index + quote[0].length;
  for (let at = 1; at < line; at++) {
    offset = text.indexOf('\n', offset) + 1;
    if (offset === 0 || offset > end) return undefined;
  }
  return offset + Math.max(0, text.slice(offset, end).search(/\S/));
}
