import { passes, type SmokeCheck, type SmokeResult } from '../smoke/result.ts';

export const testFormats = ['tap', 'junit', 'github'] as const;
export type TestFormat = (typeof testFormats)[number];

/** Results of smoke tests as other programs read them: TAP version 13, JUnit's XML, or GitHub's workflow commands. */
export function renderTests(results: SmokeResult[], format: TestFormat): string {
  return { tap, junit, github }[format](results);
}

/**
 * A test is one line, with its checks as a subtest before it, and details as comments: what readers of version 14 understand, and those of 13
 * too, such as Perl's prove, which know no subtests, no version 14, and only a part of YAML.
 */
function tap(results: SmokeResult[]): string {
  return [
    'TAP version 13',
    `1..${results.length}`,
    ...results.flatMap((result, at) => [
      ...subtest(result),
      tapLine(at + 1, { ok: result.ok, name: result.version, detail: result.problem?.message }),
    ]),
  ].join('\n');
}

const subtest = ({ version, checks }: SmokeResult): string[] =>
  checks.length === 0
    ? []
    : [
        `# Subtest: ${version}`,
        ...[`1..${checks.length}`, ...checks.flatMap((check, at) => tapLine(at + 1, check).split('\n'))].map((line) => `    ${line}`),
      ];

function tapLine(number: number, { ok, name, detail, directive }: SmokeCheck): string {
  const line = `${ok ? 'ok' : 'not ok'} ${number} - ${oneLine(name).replace(/[#\\]/g, '\\$&')}${directive ? ` # ${directive.toUpperCase()}${detail ? ` ${oneLine(detail)}` : ''}` : ''}`;
  return !directive && !ok && detail ? [line, ...detail.split('\n').map((text) => `#   ${text}`)].join('\n') : line;
}

function junit(results: SmokeResult[]): string {
  const suites = results.map((result) => {
    const all = casesOf(result);
    const cases = all.map((check) => {
      const named = `    <testcase classname=${attribute(result.version)} name=${attribute(check.name)} file=${attribute(result.file)}`;
      if (check.directive === 'skip') return `${named}><skipped message=${attribute(check.detail ?? '')}/></testcase>`;
      return passes(check)
        ? `${named}/>`
        : `${named}><failure message=${attribute(oneLine(check.detail ?? 'not ok'))}>${escaped(check.detail ?? '')}</failure></testcase>`;
    });
    return [`  <testsuite name=${attribute(result.version)} ${totals(all, result.durationMs)}>`, ...cases, '  </testsuite>'].join('\n');
  });
  const duration = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="supasnap" ${totals(results.flatMap(casesOf), duration)}>`,
    ...suites,
    '</testsuites>',
  ].join('\n');
}

function totals(cases: SmokeCheck[], durationMs: number): string {
  const failures = cases.filter((check) => !passes(check)).length;
  const skipped = cases.filter(({ directive }) => directive === 'skip').length;
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${(durationMs / 1000).toFixed(3)}"`;
}

/** Each failure as an annotation of the test's file; what passed is one line. */
function github(results: SmokeResult[]): string {
  return results
    .flatMap((result) => {
      const failures = casesOf(result).filter((check) => !passes(check));
      const { line, column } = result.problem?.place ?? {};
      const place = `file=${property(result.file)}${line ? `,line=${line},col=${column}` : ''}`;
      if (failures.length === 0) return [`${result.version}: ${result.checks.length} checks passed`];
      return failures.map(
        ({ name, detail }) => `::error ${place},title=${property(`${result.version}: ${oneLine(name)}`)}::${data(detail ?? name)}`,
      );
    })
    .join('\n');
}

/** The checks, and what ended the test as one more, unless the last check says so already. */
const casesOf = ({ ok, checks, problem }: SmokeResult): SmokeCheck[] => {
  if (problem) {
    const last = checks.at(-1);
    const detail = [problem.message, ...problem.detail].join('\n');
    if (last && !last.ok && last.detail?.startsWith(problem.message))
      return [...checks.slice(0, -1), { ...last, detail: [last.detail, ...problem.detail].join('\n') }];
    return [...checks, { ok: false, name: 'the test runs to its end', detail }];
  }
  return checks.length === 0 ? [{ ok, name: 'the test runs to its end' }] : checks;
};

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, '; ');

/** XML 1.0 has no place for most control characters. */
const escaped = (text: string) =>
  text
    .replace(/[^\t\n\r\x20-\u{10ffff}]|[\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
const attribute = (text: string) => `"${escaped(text).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)}"`;

const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
