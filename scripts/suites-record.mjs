// What is known of the long suites: docs/suites.json, and the table in docs/RELIABILITY.md that is written from it.
import { stripVTControlCharacters } from 'node:util';
import { markdownTable } from './markdown-table.mjs';

/** Each suite, how it can be parted, and the lines of its output that hold its figures: numbers of parts are added up, or the largest counts. */
export const suites = {
  corpus: { parts: 'cases', figures: [] },
  crash: {
    parts: 'cases',
    figures: [
      { line: /^Of \d+ cases: \d+ struck; .*$/, join: 'sum' },
      { line: /^The longest session outlived its program by \d+ ms; .*$/, join: 'largest' },
    ],
  },
  limits: { parts: 'files', figures: [{ line: /^.*\b\d+(?:\.\d+)? s, \d+ MB.*$/ }] },
  majors: { parts: 'files', figures: [] },
  race: { parts: 'cases', figures: [] },
  property: { parts: 'cases', figures: [{ line: /^\d+ pairs: \d+ back, .*$/, join: 'sum' }] },
  fuzz: { figures: [{ line: /^\d+ inputs tried; .*$/ }] },
};

const count = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** What a run of a suite, or of a part of it, told: its figures, its last line's numbers and the names of the tests that failed. */
export function readOutput(suite, output) {
  const lines = stripVTControlCharacters(output).split(/\r?\n/);
  const last = lines.map((line) => count.exec(line)).findLast(Boolean);
  const failures = lines.flatMap((line) => /^\s*FAIL\s+(.+)$/.exec(line)?.[1] ?? []);
  return {
    tests: last ? { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) } : undefined,
    figures: suites[suite].figures.map(({ line }) => lines.filter((one) => line.test(one)).map((one) => one.trim())),
    failures: [...new Set(failures)],
  };
}

/** Joins the parts of one run of a suite: undefined while one is missing. */
export function joinParts(results) {
  const [first] = results;
  const count = Number(first.part.split('/')[1]);
  const byPart = new Map(results.map((result) => [result.part, result]));
  const parts = Array.from({ length: count }, (_, index) => byPart.get(`${index + 1}/${count}`));
  if (parts.includes(undefined)) return undefined;
  const sum = (number) => parts.reduce((total, part) => total + number(part), 0);
  return {
    outcome: parts.every(({ outcome }) => outcome === 'passed') ? 'passed' : 'failed',
    date: parts
      .map(({ date }) => date)
      .sort()
      .at(-1),
    commit: first.commit,
    minutes: Math.round(sum(({ minutes }) => minutes) * 10) / 10,
    parts: count,
    tests: {
      passed: sum(({ tests }) => tests.passed),
      failed: sum(({ tests }) => tests.failed),
      skipped: sum(({ tests }) => tests.skipped),
    },
    figures: suites[first.suite].figures.flatMap(({ join }, index) =>
      joinLines(
        parts.map((part) => part.figures[index]),
        join,
      ),
    ),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

function joinLines(lists, join) {
  if (join === undefined || lists.length === 1) return lists.flat();
  if (lists.some((lines) => lines.length !== 1)) return lists.flat();
  const numbers = lists.map(([line]) => line.match(/\d+/g).map(Number));
  let at = 0;
  return [
    lists[0][0].replaceAll(/\d+/g, () => {
      const these = numbers.map((list) => list[at]);
      at++;
      return String(join === 'sum' ? these.reduce((total, one) => total + one, 0) : Math.max(...these));
    }),
  ];
}

/**
 * The record with those results in it: a pass takes the place of the last one and of a failure before it, a failure stands beside the last
 * pass until the suite passes again. `missing` names what is not complete, of which nothing is recorded.
 */
export function addResults(record, results) {
  const next = structuredClone(record);
  const recorded = [];
  const missing = [];
  const groups = Map.groupBy ? Map.groupBy(results, keyOf) : groupBy(results, keyOf);
  for (const group of groups.values()) {
    const { suite, part, commit } = group[0];
    const whole = joinParts(group);
    if (!whole) {
      const failed = group.filter(({ outcome }) => outcome === 'failed');
      // A part that failed is enough to know that the suite did.
      if (failed.length > 0)
        note(suite, { ...failed[0], part: undefined, suite: undefined, figures: [], failures: failed.flatMap(({ failures }) => failures) });
      else missing.push(`${suite} on ${commit.slice(0, 9)}: ${group.map((one) => one.part).join(', ')} of ${part.split('/')[1]} parts`);
    } else note(suite, whole);
  }
  return { record: next, recorded, missing };

  function note(suite, { outcome, ...entry }) {
    const known = next[suite] ?? {};
    next[suite] = outcome === 'passed' ? { passed: entry } : { ...known, failed: JSON.parse(JSON.stringify(entry)) };
    recorded.push(`${suite} ${outcome} on ${entry.commit.slice(0, 9)}`);
  }
}

const keyOf = ({ suite, commit, part }) => `${suite} ${commit} ${part.split('/')[1]}`;

function groupBy(list, key) {
  const groups = new Map();
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

const begin = '<!-- suites: written by `npm run suites`; not by hand -->';
const end = '<!-- suites: end -->';

/** The text of RELIABILITY.md with the table of that record in its marked place. */
export function writeInto(text, record) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`There is no place for the suites: ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${renderRecord(record)}\n${text.slice(to)}`;
}

export function renderRecord(record) {
  const rows = Object.keys(suites).map((name) => {
    const { passed, failed } = record[name] ?? {};
    const last = passed ? `${passed.date.slice(0, 10)} on ${passed.commit.slice(0, 9)}` : 'not recorded';
    const took = passed ? `${Math.round(passed.minutes)} min${passed.parts > 1 ? ` in ${passed.parts} parts` : ''}` : '';
    return [
      `\`npm run test:${name}\``,
      last,
      took,
      [...(failed ? [`**${tellFailure(failed)}**`] : []), ...(passed ? [countOf(passed.tests), ...passed.figures] : [])].join('<br>'),
    ];
  });
  return `${markdownTable([['suite', 'last passed in full', 'took', 'figures'], ...rows])}\n`;
}

const countOf = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

const tellFailure = ({ date, commit, tests, failures }) =>
  `Failed on ${date.slice(0, 10)} on ${commit.slice(0, 9)}${tests ? `: ${countOf(tests)}` : ''}${
    failures.length > 0
      ? ` (${failures
          .slice(0, 5)
          .map((name) => name.slice(0, 200))
          .join('; ')}${failures.length > 5 ? `; ${failures.length - 5} more` : ''})`
      : ''
  }`;
