import { repair } from '../commands/repair.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { engineFlags } from './migrate.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  if (words.length > 0)
    throw usage('wrong_arguments', `repair takes no words, not "${words.join(' ')}".`, {
      state: 'Nothing was changed.',
      next: 'npx supasnap repair shows what does not agree, and how to mend it.',
    });
  const { lockWaitMs } = engineFlags(context, flags);
  const result = await repair(context, {
    fetch: flags.fetch === true,
    applied: (flags.applied as string[] | undefined) ?? [],
    reverted: (flags.reverted as string[] | undefined) ?? [],
    ...(lockWaitMs === undefined ? {} : { lockWaitMs }),
  });
  const lines = [
    ...result.written.map((file) => `Wrote ${file}`),
    ...result.applied.map((version) => `Recorded as applied: ${version}`),
    ...result.reverted.map((version) => `Recorded as not applied: ${version}`),
    ...result.findings.flatMap(({ what, next }) => [what, `  Next: ${next}`]),
  ];
  if (result.findings.length === 0) lines.push(`Files, history and snapshots agree on ${result.target}.`);
  return { value: result, text: lines.join('\n') };
}
