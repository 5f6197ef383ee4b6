import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failed } from '../../src/errors.ts';
import { renderTests } from '../../src/report/test-formats.ts';
import type { SmokeResult } from '../../src/smoke/result.ts';

const passed: SmokeResult = { version: 'v0.7.0', file: 'supabase/tests/v0.7.0_smoke_test.sql', ok: true, checks: [{ ok: true, name: 'there are # notes' }, { ok: true, name: 'later', directive: 'skip', detail: 'not yet' }], counts: {}, durationMs: 12 };
const broken: SmokeResult = {
  version: 'v0.8.0',
  file: 'supabase/tests/v0.8.0,a_smoke_test.sql',
  ok: false,
  checks: [{ ok: false, name: 'a < b & "c"', detail: 'found: 1\nexpected: 2' }],
  counts: {},
  durationMs: 1500,
  problem: failed('relation "x" does not exist (42P01)', { place: { file: 'f', line: 3, column: 7, text: 'select * from x' } }),
};

test('TAP that Perl\'s own parser reads: one subtest for each smoke test', () => {
  const tap = renderTests([passed, broken], 'tap');
  expect(tap.split('\n')).toEqual([
    'TAP version 14',
    '1..2',
    '# Subtest: v0.7.0',
    '    1..2',
    '    ok 1 - there are \\# notes',
    '    ok 2 - later # SKIP not yet',
    'ok 1 - v0.7.0',
    '# Subtest: v0.8.0',
    '    1..1',
    '    not ok 1 - a < b & "c"',
    '      ---',
    '      message: |-',
    '        found: 1',
    '        expected: 2',
    '      ...',
    'not ok 2 - v0.8.0',
    '  ---',
    '  message: |-',
    '    relation "x" does not exist (42P01)',
    '  ...',
  ]);
  const prove = proveReads(tap.replace('TAP version 14', 'TAP version 13'));
  if (prove) expect(prove).toMatch(/Failed 1\/2 subtests/);
});

test('JUnit: each check a case, with the failure and what ended the test', () => {
  const xml = renderTests([passed, broken], 'junit');
  expect(xml).toContain('<testsuite name="v0.7.0" tests="2" failures="0" errors="0" skipped="1" time="0.012">');
  expect(xml).toContain('<testsuite name="v0.8.0" tests="2" failures="2" errors="0" skipped="0" time="1.500">');
  expect(xml).toContain('name="a &#60; b &#38; &#34;c&#34;"');
  expect(xml).toContain('message="found: 1; expected: 2"');
  expect(xml).toContain('relation &#34;x&#34; does not exist (42P01)');
});

test('GitHub: an annotation for each failure, escaped as its workflow commands ask', () => {
  expect(renderTests([passed, broken], 'github').split('\n')).toEqual([
    'v0.7.0: 2 checks passed',
    '::error file=supabase/tests/v0.8.0%2Ca_smoke_test.sql,line=3,col=7,title=v0.8.0%3A a < b & "c"::found: 1%0Aexpected: 2',
    '::error file=supabase/tests/v0.8.0%2Ca_smoke_test.sql,line=3,col=7,title=v0.8.0%3A the test runs to its end::relation "x" does not exist (42P01)',
  ]);
});

/** What Perl's prove says of it; undefined where there is no prove. */
function proveReads(tap: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'supasnap-tap-'));
  try {
    writeFileSync(join(folder, 'results.tap'), tap);
    return execFileSync('sh', ['-c', 'command -v prove >/dev/null || exit 0; prove results.tap 2>&1 || true'], { cwd: folder, encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
