import type { Advice } from '../advice/adviser.ts';
import { atLeast, type Finding } from '../advice/finding.ts';
import type { AdviceLevel } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { refused, type Problem } from '../errors.ts';
import { count } from './text.ts';

const mostShown = 10;

/** Shows what the platform's advisors find in a change. */
export function showAdvice({ report }: Context, advice: Advice | undefined): void {
  if (!advice) return;
  if ('unknown' in advice) {
    if (!advice.expected) report.note(`No advice of the platform's advisors: ${advice.unknown}.`);
    return;
  }
  if (advice.findings.length === 0) report.step("The platform's advisors find nothing new.");
  for (const finding of advice.findings.slice(0, mostShown)) {
    const line = `Advisors, new: ${inWords(finding)}`;
    if (finding.level === 'info') report.note(line);
    else report.warn(line);
  }
  if (advice.findings.length > mostShown)
    report.note(`… and ${count(advice.findings.length - mostShown, 'more new finding')} (all of them with --output-format json).`);
}

/** Why a migration is not applied: the new findings that --fail-on-advice stands against. Nothing that can't be judged passes. */
export function adviceRefusal(
  advice: Advice | undefined,
  failOn: AdviceLevel | undefined,
  label: string,
  target: string,
): Problem | undefined {
  if (!advice || !failOn) return undefined;
  const state = `Nothing was changed on ${target}.`;
  if ('unknown' in advice) {
    return refused('advice', `${label} can't be judged by the platform's advisors: ${advice.unknown}.`, {
      state,
      next: 'Mend that, or apply it without their judgement: the same command with --fail-on-advice none',
    });
  }
  const found = atLeast(advice.findings, failOn);
  if (found.length === 0) return undefined;
  return refused(
    'advice',
    `${label} brings ${count(found.length, 'new finding')} of the platform's advisors at level ${failOn}${failOn === 'error' ? '' : ' or above'}.`,
    {
      detail: found.map(inWords),
      state,
      next: 'Correct the migration. To apply it as it is: the same command with --fail-on-advice none',
    },
  );
}

const inWords = ({ level, title, object, detail, link }: Finding) =>
  `${level.toUpperCase()} ${title}: ${detail === '' ? object : detail.replace(/\.$/, '')}.${link ? ` ${link}` : ''}`;
