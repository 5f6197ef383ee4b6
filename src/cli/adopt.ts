import { adopt } from '../commands/adopt.ts';
import { adoptFrom } from '../commands/adopt-from.ts';
import { count } from '../commands/text.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { engineFlags } from './migrate.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  if (typeof flags.from === 'string') return runFrom(context, words, flags, flags.from);
  if (flags.allowEdited === true)
    throw usage('wrong_arguments', '--allow-edited goes with --from.', {
      state: 'Nothing was changed.',
      next: 'Leave it out, or name the folder of the other tool: --from db/migrations',
    });
  const [version, ...description] = words;
  const result = await adopt(context, {
    ...(version === undefined ? {} : { version }),
    ...(description.length === 0 ? {} : { description: description.join(' ') }),
    dryRun: flags.dryRun === true,
    allowUnproven: flags.allowUnproven === true,
    ...engineFlags(context, flags),
  });
  const { target, changed, baseline, rebuilt } = result;
  if (baseline && !changed)
    return {
      value: result,
      text: `Dry run: nothing was changed. The baseline, ${baseline.proven ? 'proven' : 'NOT proven'}, would be ${baseline.file}:\n\n${baseline.text}`,
    };
  if (baseline)
    return {
      value: result,
      text: `Adopted ${target}: ${baseline.file} is recorded as applied; nothing of the schema was touched. Next: npx supasnap new v0.2.0 <what it does>, then npx supasnap migrate`,
    };
  if (rebuilt.length === 0) return { value: result, text: `Nothing to do: ${target} has its history and its snapshots.` };
  return {
    value: result,
    text: `${flags.dryRun === true ? 'Dry run: nothing was changed. These snapshots would be rebuilt' : 'Rebuilt'}: ${rebuilt.join(', ')}. Way back: npx supasnap rollback --list`,
  };
}

async function runFrom(context: Context, words: string[], flags: CommonFlags, from: string): Promise<Outcome> {
  if (words.length > 0)
    throw usage('wrong_arguments', `With --from no baseline is written, so it takes no ${words.join(' ')}.`, {
      state: 'Nothing was changed.',
      next: `npx supasnap adopt --from ${from}`,
    });
  const dryRun = flags.dryRun === true;
  const result = await adoptFrom(context, { from, dryRun, allowEdited: flags.allowEdited === true, ...engineFlags(context, flags) });
  const { target, table, recorded, pending, written, changed, rebuilt } = result;
  const text = `${count(recorded.length, 'migration')} recorded as applied, ${count(written.length, 'file')} written, ${pending.length} pending`;
  if (dryRun) return { value: result, text: `Dry run: nothing was changed. It would be: ${text}.` };
  if (!changed) return { value: result, text: `Nothing to do: what ${table} says is in the history of ${target}, and the files are here.` };
  return {
    value: result,
    text: `Taken over from ${table}: ${text}. Next: npx supasnap status${rebuilt.length > 0 ? '; the way back is npx supasnap rollback --steps 1' : ''}`,
  };
}
