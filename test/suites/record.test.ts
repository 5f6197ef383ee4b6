import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addResults, readOutput, renderRecord, suites, writeInto } from '../../scripts/suites-record.mjs';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const commit = 'a'.repeat(40);
const part = (suite: string, words: object) => ({
  suite,
  part: '1/1',
  commit,
  outcome: 'passed',
  date: '2026-11-30T10:00:00.000Z',
  minutes: 10,
  tests: { passed: 5, failed: 0, skipped: 0 },
  figures: suites[suite]!.figures.map(() => []),
  failures: [],
  ...words,
});

test('docs/RELIABILITY.md says what docs/suites.json holds', () => {
  const page = read('docs/RELIABILITY.md');
  expect(writeInto(page, JSON.parse(read('docs/suites.json'))), 'npm run suites -- --merge writes it again').toBe(page);
});

test('every suite has its command, and every such command is a suite', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(
    Object.keys(scripts)
      .filter((name) => name.startsWith('test:'))
      .sort(),
  ).toEqual(
    Object.keys(suites)
      .map((name) => `test:${name}`)
      .sort(),
  );
});

describe('what a suite told', () => {
  test('its figures, its last count and the names of what failed are read', () => {
    const output = [
      '\u001b[41m FAIL \u001b[49m test/crash/crash.test.ts > seed 7',
      ' FAIL  test/crash/crash.test.ts > seed 7',
      'Of 352 cases: 348 struck; 192 left the state before, 102 the state after',
      'The longest session outlived its program by 504 ms; the longest case took 9 ms.',
      '351 passed, 1 failed, 2 skipped',
    ].join('\r\n');
    expect(readOutput('crash', output)).toEqual({
      tests: { passed: 351, failed: 1, skipped: 2 },
      figures: [
        ['Of 352 cases: 348 struck; 192 left the state before, 102 the state after'],
        ['The longest session outlived its program by 504 ms; the longest case took 9 ms.'],
      ],
      failures: ['test/crash/crash.test.ts > seed 7'],
    });
  });

  test('a run that was cut off has no count', () => {
    expect(readOutput('crash', 'Of 3 cases: 3 struck; 1 left').tests).toBeUndefined();
  });
});

describe('the record', () => {
  test('holds a pass only when all parts of one commit passed; their counts are added, of times the longest counts', () => {
    const of = (number: number, ms: number) => [
      [`Of ${number} cases: ${number} struck; 1 left the state before`],
      [`The longest session outlived its program by ${ms} ms; the longest case took 7 ms.`],
    ];
    const parts = [
      part('crash', { part: '1/2', figures: of(3, 90) }),
      part('crash', { part: '2/2', figures: of(4, 80), date: '2026-12-01T00:00:00.000Z' }),
    ];
    expect(addResults({}, parts.slice(0, 1))).toMatchObject({ record: {}, recorded: [], missing: ['crash on aaaaaaaaa: 1/2 of 2 parts'] });
    expect(addResults({}, [parts[0]!, { ...parts[1]!, commit: 'b'.repeat(40) }]).record).toEqual({});
    expect(addResults({}, parts).record).toEqual({
      crash: {
        passed: {
          date: '2026-12-01T00:00:00.000Z',
          commit,
          minutes: 20,
          parts: 2,
          tests: { passed: 10, failed: 0, skipped: 0 },
          figures: [
            'Of 7 cases: 7 struck; 2 left the state before',
            'The longest session outlived its program by 90 ms; the longest case took 7 ms.',
          ],
          failures: [],
        },
      },
    });
  });

  test('a failure stands beside the last pass until the suite passes again', () => {
    const first = addResults({}, [part('race', {})]).record;
    const failed = addResults(first, [
      part('race', { part: '2/3', outcome: 'failed', tests: { passed: 4, failed: 1, skipped: 0 }, failures: ['seed 15'] }),
    ]).record;
    expect(failed.race?.passed).toEqual(first.race?.passed);
    expect(failed.race?.failed).toMatchObject({ commit, failures: ['seed 15'] });
    expect(renderRecord(failed)).toContain('**Failed on 2026-11-30 on aaaaaaaaa: 4 passed, 1 failed (seed 15)**<br>5 passed, 0 failed');
    expect(addResults(failed, [part('race', {})]).record).toEqual(first);
  });

  test('names of tests do not break the table', () => {
    const { record } = addResults({}, [part('race', { outcome: 'failed', failures: ['migrate | status'] })]);
    expect(renderRecord(record)).toContain('migrate \\| status');
  });
});
