import { expect, test } from 'vitest';
import { readTap } from '../../src/smoke/tap.ts';

const read = (text: string) => readTap(text.split('\n'));
const failures = (text: string) => read(text).checks.filter((check) => !check.ok);

test('results, directives and diagnostics are read', () => {
  const { isTap, checks } = read(`1..5
ok 1 - a sign-up makes a profile
not ok 2 - the count is right
# Failed test 2: "the count is right"
#         have: 2
#         want: 3
ok 3 # SKIP no extension here
not ok 4 - colours # TODO not yet
ok 5 - issue \\#7 is closed`);
  expect(isTap).toBe(true);
  expect(checks).toEqual([
    { ok: true, name: 'a sign-up makes a profile' },
    { ok: false, name: 'the count is right', detail: '        have: 2\n        want: 3' },
    { ok: true, name: 'check 3', detail: 'no extension here', directive: 'skip' },
    { ok: false, name: 'colours', detail: 'not yet', directive: 'todo' },
    { ok: true, name: 'issue #7 is closed' },
  ]);
});

test('text that is not TAP makes no check', () => {
  expect(read('okay\nnot okay\n    ok 1 - within a subtest\nhello').isTap).toBe(false);
});

test('a plan may come last', () => {
  expect(failures('ok 1 - a\nok 2 - b\n1..2')).toEqual([]);
});

test('a plan that does not match, or is missing, or comes twice, fails', () => {
  expect(failures('1..3\nok 1\nok 2')).toEqual([{ ok: false, name: 'the plan matches what ran', detail: '3 planned, 2 ran' }]);
  expect(failures('1..1\nok 1\nok 2')[0]?.detail).toBe('1 planned, 2 ran');
  expect(failures('1..2')[0]?.detail).toBe('2 planned, 0 ran');
  expect(failures('ok 1')[0]?.detail).toContain("SELECT '1..1'");
  expect(failures('1..1\nok 1\n1..2')[0]?.name).toBe('the plan is stated once');
});

test('a plan that is short because an error came is not told twice', () => {
  expect(readTap(['1..3', 'ok 1 - a'], { stopped: true }).checks).toEqual([{ ok: true, name: 'a' }]);
});

test('numbers out of order fail', () => {
  expect(failures('1..2\nok 1\nok 3')).toEqual([
    { ok: false, name: 'the checks are numbered in order', detail: 'number 3 came where 2 was due' },
  ]);
});

test('Bail out! fails with its reason, and what follows does not count', () => {
  expect(read('1..3\nok 1 - a\nBail out! no users\nok 2 - b').checks).toEqual([
    { ok: true, name: 'a' },
    { ok: false, name: 'Bail out!', detail: 'no users' },
  ]);
});

test('a plan of none needs a reason', () => {
  expect(read('1..0 # SKIP needs pg_cron').checks).toEqual([{ ok: true, name: 'all checks', detail: 'needs pg_cron', directive: 'skip' }]);
  expect(failures('1..0')).toHaveLength(1);
});
