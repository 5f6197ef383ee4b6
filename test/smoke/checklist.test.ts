import { expect, test } from 'vitest';
import { renderChecklist } from '../../src/smoke/checklist.ts';

const counts = {
  tables: { expected: 30, found: 30 },
  views: { found: 1 },
  policies: { found: 16 },
  functions: { found: 4 },
  triggers: { found: 0 },
  enums: { found: 2 },
  indexes: { found: 71 },
  materialized_views: { found: 0 },
};

test('the checklist shows checks, counts and time', () => {
  const text = renderChecklist({
    version: 'v0.7.0',
    file: 'v0.7.0_smoke_test.sql',
    ok: false,
    durationMs: 123.4,
    counts,
    checks: [
      { ok: true, name: 'a sign-up makes a profile' },
      { ok: false, name: 'rows stay private', detail: 'have: 2\nwant: 0' },
      { ok: true, name: 'jobs run', detail: 'no pg_cron', directive: 'skip' },
      { ok: false, name: 'colours', directive: 'todo' },
    ],
  });
  expect(text).toBe(`  ok  a sign-up makes a profile
FAIL  rows stay private
      have: 2
      want: 0
skip  jobs run (no pg_cron)
todo  colours
30 tables, 1 view, 16 policies, 4 functions, 0 triggers, 2 enums, 71 indexes
v0.7.0: 1 of 4 checks failed in 0.12 s`);
});

test('a test that passes says so, and one that was not counted has no line of counts', () => {
  const text = renderChecklist({
    version: 'v0.8.0',
    file: 'x',
    ok: true,
    durationMs: 40,
    counts: {},
    checks: [{ ok: true, name: 'a' }],
  });
  expect(text).toBe('  ok  a\nv0.8.0: 1 check passed in 0.04 s');
});
