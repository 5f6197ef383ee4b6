import { doctor, type Finding } from '../commands/doctor.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../errors.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, _words: string[], _flags: CommonFlags): Promise<Outcome> {
  const findings = await doctor(context);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const verdict = problems === 0 ? 'No problem found.' : `${problems} problem${problems === 1 ? '' : 's'} found.`;
  return {
    value: { findings, problems },
    text: [...render(findings), '', verdict].join('\n'),
    code: problems === 0 ? exitCodes.done : exitCodes.failed,
  };
}

function render(findings: Finding[]): string[] {
  const width = Math.max(...findings.map(({ topic }) => topic.length)) + 2;
  return findings.map(({ level, topic, text, next }) => {
    const head = `${level.padEnd(9)}${topic.padEnd(width)}`;
    return `${head}${text}${next === undefined ? '' : `\n${' '.repeat(head.length)}${next}`}`;
  });
}
