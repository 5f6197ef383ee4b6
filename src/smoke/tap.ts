import type { SmokeCheck } from './result.ts';

/** What the lines of a test's output say in the Test Anything Protocol. */
export interface TapReading {
  /** False when no line was TAP: the test is plain SQL. */
  isTap: boolean;
  checks: SmokeCheck[];
}

const resultLine = /^(not )?ok(?=\s|$)(?:\s+(\d+)(?=\s|$))?\s*(?:-\s*)?(.*)$/;
const planLine = /^1\.\.(\d+)\s*(?:#\s*(.*))?$/;
const bailLine = /^Bail out!\s*(.*)$/i;
const directivePart = /(?:^|[^\\])#\s*(skip|todo)\b\S*\s*(.*)$/i;

/**
 * Reads TAP lines; lines of other text are passed over. A plan that is missing or does not match, numbers out of order and
 * `Bail out!` are failed checks of their own. With `stopped` an error ended the test, and a short plan is no news.
 */
export function readTap(lines: Iterable<string>, { stopped = false } = {}): TapReading {
  const checks: SmokeCheck[] = [];
  const plans: { planned: number; note: string }[] = [];
  let disorder: string | undefined;
  let bail: string | undefined;
  let ran = 0;

  for (const line of lines) {
    const [isBail, reason = ''] = bailLine.exec(line) ?? [];
    if (isBail !== undefined) {
      bail = reason;
      break;
    }
    const [isPlan, planned, note = ''] = planLine.exec(line) ?? [];
    if (isPlan !== undefined) {
      plans.push({ planned: Number(planned), note });
      continue;
    }
    const [isResult, not, number, rest = ''] = resultLine.exec(line) ?? [];
    if (isResult !== undefined) {
      ran++;
      if (number !== undefined && Number(number) !== ran) disorder ??= `number ${number} came where ${ran} was due`;
      checks.push(checkOf(!not, rest, ran));
      continue;
    }
    const last = checks.at(-1);
    if (last && !last.ok && isDiagnostic(line)) addDetail(last, line.replace(/^#\s?/, ''));
  }

  const isTap = ran > 0 || plans.length > 0 || bail !== undefined;
  if (bail !== undefined) checks.push({ ok: false, name: 'Bail out!', detail: bail || undefined });
  else if (isTap && !stopped) checks.push(...planChecks(plans, ran));
  if (disorder) checks.push({ ok: false, name: 'the checks are numbered in order', detail: disorder });
  return { isTap, checks };
}

function checkOf(ok: boolean, rest: string, number: number): SmokeCheck {
  const directive = directivePart.exec(rest);
  const described = (directive ? rest.slice(0, rest.indexOf('#', directive.index)) : rest).trim();
  const name = described.replace(/\\#/g, '#').replace(/^-\s*/, '') || `check ${number}`;
  if (!directive) return { ok, name };
  return {
    ok,
    name,
    detail: directive[2]?.trim() || undefined,
    directive: directive[1]?.toLowerCase() === 'skip' ? 'skip' : 'todo',
  };
}

function planChecks(plans: { planned: number; note: string }[], ran: number): SmokeCheck[] {
  const [plan, second] = plans;
  if (!plan)
    return [
      {
        ok: false,
        name: 'the plan is stated',
        detail: `${ran} checks ran and no line says how many were meant: SELECT '1..${ran}'`,
      },
    ];
  if (second) return [{ ok: false, name: 'the plan is stated once', detail: `1..${plan.planned} and 1..${second.planned}` }];
  if (plan.planned === 0 && ran === 0)
    return /^skip/i.test(plan.note)
      ? [{ ok: true, name: 'all checks', detail: plan.note.replace(/^skip\S*\s*/i, '') || undefined, directive: 'skip' }]
      : [
          {
            ok: false,
            name: 'the test checks something',
            detail: 'it plans 0 checks; say 1..0 # SKIP with a reason to leave it out',
          },
        ];
  if (plan.planned !== ran) return [{ ok: false, name: 'the plan matches what ran', detail: `${plan.planned} planned, ${ran} ran` }];
  return [];
}

/** pgTAP repeats the name of a failed check, and sums up at the end; neither says more than the check itself. */
const isDiagnostic = (line: string) => /^#/.test(line) && !/^#\s*(Looks like|Failed (\(TODO\) )?test \d+)/.test(line);

function addDetail(check: SmokeCheck, line: string): void {
  check.detail = check.detail === undefined ? line : `${check.detail}\n${line}`;
}
