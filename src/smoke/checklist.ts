import { countPhrase } from './compare-expectations.ts';
import { passes, type SmokeCheck, type SmokeResult } from './result.ts';

/** The result as lines of plain text: the checks, what was counted, and the time. Without a line end after the last. */
export function renderChecklist(result: SmokeResult): string {
  return [...result.checks.flatMap(checkLines), countsLine(result.counts), summaryLine(result)].filter((line) => line !== '').join('\n');
}

function checkLines(check: SmokeCheck): string[] {
  const mark = check.directive ?? (check.ok ? '  ok' : 'FAIL');
  const [first, ...more] = check.detail?.split('\n') ?? [];
  if (check.directive) return [`${mark}  ${check.name}${first ? ` (${first})` : ''}`, ...more.map(indent)];
  return [`${mark}  ${check.name}`, ...(first === undefined ? [] : [first, ...more].map(indent))];
}

const indent = (line: string) => `      ${line}`.trimEnd();

function countsLine(counts: SmokeResult['counts']): string {
  return Object.entries(counts)
    .filter(([kind, { expected, found }]) => kind !== 'materialized_views' || found > 0 || expected !== undefined)
    .map(([kind, { found }]) => countPhrase(kind, found))
    .join(', ');
}

function summaryLine({ version, checks, durationMs }: SmokeResult): string {
  const failures = checks.filter((check) => !passes(check)).length;
  const total = `${checks.length} ${checks.length === 1 ? 'check' : 'checks'}`;
  const verdict = failures === 0 ? `${total} passed` : `${failures} of ${total} failed`;
  return `${version}: ${verdict} in ${(durationMs / 1000).toFixed(2)} s`;
}
