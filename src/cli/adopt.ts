import { adopt } from '../commands/adopt.ts';
import type { Context } from '../context.ts';
import { engineFlags } from './migrate.ts';
import type { CommonFlags, Outcome } from './programs.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  const [version, ...description] = words;
  const result = await adopt(context, {
    ...(version === undefined ? {} : { version }),
    ...(description.length === 0 ? {} : { description: description.join(' ') }),
    dryRun: flags.dryRun === true,
    allowUnproven: flags.allowUnproven === true,
    ...engineFlags(context, flags),
  });
  const { target, changed, baseline, rebuilt } = result;
  if (baseline && !changed) return { value: result, text: `Dry run: nothing was changed. The baseline, ${baseline.proven ? 'proven' : 'NOT proven'}, would be ${baseline.file}:\n\n${baseline.text}` };
  if (baseline) return { value: result, text: `Adopted ${target}: ${baseline.file} is recorded as applied; nothing of the schema was touched. Next: npx supasnap new v0.2.0 <what it does>, then npx supasnap migrate` };
  if (rebuilt.length === 0) return { value: result, text: `Nothing to do: ${target} has its history and its snapshots.` };
  return { value: result, text: `${flags.dryRun === true ? 'Dry run: nothing was changed. These snapshots would be rebuilt' : 'Rebuilt'}: ${rebuilt.join(', ')}. Way back: npx supasnap rollback --list` };
}
