import { checklist, type Checklist, type ChecklistItem } from '../commands/checklist.ts';
import { minute } from '../commands/window.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../errors.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], _flags: CommonFlags): Promise<Outcome> {
  const value = await checklist(context, words[0]!);
  return { value, text: render(value), code: value.ready ? exitCodes.done : exitCodes.refused };
}

function render({ file, target, appliedAt, items, ready }: Checklist): string {
  const width = Math.max(...items.map(({ item }) => item.length)) + 2;
  const open = items.filter(({ ok }) => ok === false).length;
  return [
    `${file}, for ${target}${appliedAt ? ` (applied there on ${minute(new Date(appliedAt))})` : ''}`,
    '',
    ...items.flatMap((each) => itemLines(each, width)),
    '',
    ready
      ? `Ready for ${target}.`
      : `Not ready for ${target}: ${open} of ${items.length} ${open === 1 ? 'is' : 'are'} open. Nothing was changed.`,
  ].join('\n');
}

function itemLines({ item, ok, when, text, next }: ChecklistItem, width: number): string[] {
  const answer = ok === null ? '-  ' : ok ? 'yes' : 'no ';
  const line = `${answer}  ${item.padEnd(width)}${[when && minute(new Date(when)), text].filter(Boolean).join(', ')}`;
  return next === undefined ? [line] : [line, `${' '.repeat(5 + width)}Next: ${next}`];
}
