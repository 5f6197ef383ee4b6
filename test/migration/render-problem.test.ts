import { expect, test } from 'vitest';
import { failed } from '../../src/errors.ts';
import { printableLines } from '../../src/report/printable.ts';
import { renderProblem } from '../../src/render-problem.ts';
import { placeAt, sqlProblem } from '../../src/sql-error.ts';

const file = 'supabase/migrations/20251026211500_v0_7_0_baseline.sql';

test('a server error points into the file with line, column, caret and SQLSTATE', () => {
  const text = `${'\n'.repeat(10)}-- ü😀\r\nalter table minds add column x int;\r\n`;
  const problem = sqlProblem(
    { message: 'relation "minds" does not exist', code: '42P01', position: '20', hint: 'Look at the name.' },
    file,
    text,
    text.indexOf('-- '),
    { state: 'nothing was changed on postgres at 127.0.0.1:54322.', next: 'create the table first' },
  );
  expect(renderProblem(problem)).toBe(`Error: relation "minds" does not exist (42P01)
  ${file}:12:13
  12 | alter table minds add column x int;
     |             ^
  Hint: Look at the name.
  State: nothing was changed on postgres at 127.0.0.1:54322.
  Next:  create the table first`);
});

test('an error without a position points at the first word of its statement', () => {
  const text = 'select 1;\n-- about\n/* more */ select f();';
  const problem = sqlProblem({ message: 'boom', where: 'PL/pgSQL function f() line 3' }, 'a.sql', text, 9);
  expect(problem.place).toMatchObject({ line: 3, column: 12 });
  expect(problem.detail).toEqual(['Where: PL/pgSQL function f() line 3']);
});

test('an error inside a function shows the statement it ran', () => {
  const error = {
    message: 'x',
    internalQuery: 'select\n nope',
    internalPosition: '9',
    where: 'f() line 1\nSQL statement',
  };
  const problem = sqlProblem(error, 'a.sql', 'select f()', 0);
  expect(renderProblem(problem)).toContain('  In the statement: nope\n  Where: f() line 1\n  SQL statement');
});

test('the caret stands under the character behind tabs and wide characters', () => {
  const text = "\tselect '日本é', x";
  const lines = renderProblem(failed('internal', 'x', { place: placeAt('a', text, text.indexOf('x')) })).split('\n');
  expect(lines[2]).toBe(`  1 | ${text}`);
  expect(lines[3]).toBe(`    | \t${' '.repeat("select '日本é', ".length + 2)}^`);
});

test('of a very long line only the part around the place is shown', () => {
  const text = `${'a'.repeat(5000)}X${'b'.repeat(5000)}`;
  const lines = renderProblem(failed('internal', 'x', { place: placeAt('a', text, 5000) })).split('\n');
  expect(lines[2]?.length).toBeLessThan(120);
  expect(lines[2]?.[lines[3]?.indexOf('^') ?? 0]).toBe('X');
});

test('control characters of a file never reach the terminal', () => {
  expect(renderProblem(failed('internal', 'x', { place: placeAt('a', 'a\u001b[2Jb', 0) }))).not.toContain('\u001b');
});

test('what comes from file names and databases can move no cursor either, and keeps its lines', () => {
  expect(printableLines('a\u001b[2Jb\r\n\tc\u202e')).toBe('a\\u{1b}[2Jb\\r\n\tc\\u{202e}');
});

test('a place at the very end or beyond is still a place', () => {
  expect(placeAt('a', 'one\ntwo\n', 99)).toEqual({ file: 'a', line: 3, column: 1, text: '' });
  expect(placeAt('a', '', 0)).toEqual({ file: 'a', line: 1, column: 1, text: '' });
});
