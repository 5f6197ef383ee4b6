import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, DOMParser, type Element } from '@xmldom/xmldom';
import { expect, test } from 'vitest';
import { failed } from '../../src/errors.ts';
import { renderTests } from '../../src/report/test-formats.ts';
import type { SmokeResult } from '../../src/smoke/result.ts';

const passed: SmokeResult = {
  version: 'v0.7.0',
  file: 'supabase/tests/v0.7.0_smoke_test.sql',
  ok: true,
  checks: [
    { ok: true, name: 'there are # notes' },
    { ok: true, name: 'later', directive: 'skip', detail: 'not yet' },
  ],
  counts: {},
  durationMs: 12,
};
const broken: SmokeResult = {
  version: 'v0.8.0',
  file: 'supabase/tests/v0.8.0,a_smoke_test.sql',
  ok: false,
  checks: [{ ok: false, name: 'a < b & "c"', detail: 'found: 1\nexpected: 2' }],
  counts: {},
  durationMs: 1500,
  problem: failed('sql_failed', 'relation "x" does not exist (42P01)', {
    place: { file: 'f', line: 3, column: 7, text: 'select * from x' },
  }),
};

/** As an exception in a test is told. */
const raised: SmokeResult = {
  ...broken,
  version: 'supabase/tests/raises.sql',
  file: 'supabase/tests/raises.sql',
  checks: [{ ok: false, name: 'the test ran to its end', detail: 'division by zero (22012) (line 4, column 1)' }],
  problem: failed('sql_failed', 'division by zero (22012)', { place: { file: 'f', line: 4, column: 1, text: 'select 1 / 0' } }),
};

test("TAP that Perl's own parser reads: one test for each smoke test, its checks before it", () => {
  const tap = renderTests([passed, broken, raised], 'tap');
  expect(tap.split('\n')).toEqual([
    'TAP version 13',
    '1..3',
    '# Subtest: v0.7.0',
    '    1..2',
    '    ok 1 - there are \\# notes',
    '    ok 2 - later # SKIP not yet',
    'ok 1 - v0.7.0',
    '# Subtest: v0.8.0',
    '    1..1',
    '    not ok 1 - a < b & "c"',
    '    #   found: 1',
    '    #   expected: 2',
    'not ok 2 - v0.8.0',
    '#   relation "x" does not exist (42P01)',
    '# Subtest: supabase/tests/raises.sql',
    '    1..1',
    '    not ok 1 - the test ran to its end',
    '    #   division by zero (22012) (line 4, column 1)',
    'not ok 3 - supabase/tests/raises.sql',
    '#   division by zero (22012)',
  ]);
  const prove = proveReads(tap);
  if (prove === undefined) return;
  expect(prove).toContain('Failed tests:  2-3');
  expect(prove).not.toMatch(/Parse errors|Bad plan/);
  expect(proveReads(renderTests([passed], 'tap'))).toContain('Result: PASS');
});

test('JUnit that an XML parser reads: each check a case, with the failure and what ended the test, and the sums that are in it', () => {
  const odd: SmokeResult = {
    ...passed,
    version: 'odd',
    checks: [{ ok: false, name: 'bell \u0007, \ud800, \u{1f600}, tab \t and ]]>', detail: '<a>&amp;\r\n"b"' }],
    ok: false,
  };
  const suites = [...parseXml(renderTests([passed, broken, raised, odd], 'junit')).getElementsByTagName('testsuite')];
  const told = (element: Element) => Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]));
  expect(suites.map(told)).toEqual([
    { name: 'v0.7.0', tests: '2', failures: '0', errors: '0', skipped: '1', time: '0.012' },
    { name: 'v0.8.0', tests: '2', failures: '2', errors: '0', skipped: '0', time: '1.500' },
    { name: 'supabase/tests/raises.sql', tests: '1', failures: '1', errors: '0', skipped: '0', time: '1.500' },
    { name: 'odd', tests: '1', failures: '1', errors: '0', skipped: '0', time: '0.012' },
  ]);
  expect(told(suites[0]!.parentNode as Element)).toEqual({
    name: 'supasnap',
    tests: '6',
    failures: '4',
    errors: '0',
    skipped: '1',
    time: '3.024',
  });
  for (const suite of suites) {
    const { tests, failures, skipped } = told(suite);
    expect([tests, failures, skipped]).toEqual(
      ['testcase', 'failure', 'skipped'].map((name) => String(suite.getElementsByTagName(name).length)),
    );
  }
  const [first, second] = [...suites[1]!.getElementsByTagName('testcase')];
  expect(told(first!)).toEqual({ classname: 'v0.8.0', name: 'a < b & "c"', file: 'supabase/tests/v0.8.0,a_smoke_test.sql' });
  expect([told(first!.firstChild as Element), first!.textContent]).toEqual([{ message: 'found: 1; expected: 2' }, 'found: 1\nexpected: 2']);
  expect(second!.textContent).toBe('relation "x" does not exist (42P01)');
  const strange = suites[3]!.getElementsByTagName('testcase')[0]!;
  expect(strange.getAttribute('name')).toBe('bell \ufffd, \ufffd, \u{1f600}, tab \t and ]]>');
  expect(strange.textContent).toBe('<a>&amp;\n"b"');
});

test('GitHub: an annotation for each failure, escaped as its workflow commands ask', () => {
  expect(renderTests([passed, broken], 'github').split('\n')).toEqual([
    'v0.7.0: 2 checks passed',
    '::error file=supabase/tests/v0.8.0%2Ca_smoke_test.sql,line=3,col=7,title=v0.8.0%3A a < b & "c"::found: 1%0Aexpected: 2',
    '::error file=supabase/tests/v0.8.0%2Ca_smoke_test.sql,line=3,col=7,title=v0.8.0%3A the test runs to its end::relation "x" does not exist (42P01)',
  ]);
});

test('GitHub: what would end a command or begin another is escaped', () => {
  const hostile: SmokeResult = {
    ...passed,
    version: 'a:b',
    file: 'x,y:z%.sql',
    ok: false,
    checks: [{ ok: false, name: '50%\n::error::x', detail: 'had 10%\r\n::warning::no' }],
  };
  expect(renderTests([hostile], 'github')).toBe(
    '::error file=x%2Cy%3Az%25.sql,title=a%3Ab%3A 50%25; %3A%3Aerror%3A%3Ax::had 10%25%0D%0A::warning::no',
  );
});

/** Throws at whatever is not well-formed. */
const parseXml = (xml: string): Document =>
  new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw new Error(`${level}: ${message}`);
    },
  }).parseFromString(xml, 'text/xml');

/** What Perl's prove says of it; undefined where there is no prove. */
function proveReads(tap: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'supasnap-tap-'));
  try {
    writeFileSync(join(folder, 'results.tap'), tap);
    return execFileSync('sh', ['-c', 'command -v prove >/dev/null || exit 0; prove -e cat results.tap 2>&1 || true'], {
      cwd: folder,
      encoding: 'utf8',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
