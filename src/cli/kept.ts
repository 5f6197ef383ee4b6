import { exportKept } from '../commands/kept-export.ts';
import { listKept } from '../commands/kept-list.ts';
import { pruneKept } from '../commands/kept-prune.ts';
import { releaseKept } from '../commands/kept-release.ts';
import { copyName, keptTable } from '../commands/kept-table.ts';
import { count, size } from '../commands/text.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { engineFlags } from './migrate.ts';
import type { CommonFlags, Outcome } from './command.ts';

const commands = [
  'kept                show the rows that migrates and rollbacks kept',
  'kept export <id>    write one of these copies as CSV',
  'kept prune          remove copies that are older than --older-than <age>',
  'kept release        allow TRUNCATE of the tables that keep snapshots and rollbacks in the database',
];

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  const [what = 'list', ...more] = words;
  if (what === 'list' && more.length === 0) return list(context);
  if (what === 'export' && more.length === 1) return exportOne(context, more[0]!, flags);
  if (what === 'prune' && more.length === 0) return prune(context, flags);
  if (what === 'release' && more.length === 0) return release(context);
  throw usage('wrong_arguments', `"kept ${words.join(' ')}" does not exist.`, {
    detail: commands,
    state: 'Nothing was changed.',
    next: 'npx supasnap kept',
  });
}

async function list(context: Context): Promise<Outcome> {
  const { target, copies, ours } = await listKept(context);
  if (copies.length > 0) return { value: copies, text: keptTable(copies) };
  const text = ours
    ? `Nothing is kept on ${target}: no migrate or rollback destroyed or changed rows there, or what they kept was pruned.`
    : `Nothing is kept on ${target}: supasnap has no history there. It begins with: npx supasnap migrate`;
  return { value: copies, text };
}

async function exportOne(context: Context, id: string, { out, outputFormat }: CommonFlags): Promise<Outcome> {
  const toOutput = out === '-';
  if (toOutput && outputFormat === 'json')
    throw usage('wrong_arguments', '--out - prints CSV, and --output-format json prints JSON.', {
      state: 'Nothing was written.',
      next: 'Give one of them.',
    });
  // Rows leave as they are: masking would change values.
  const result = await exportKept(context, { id, to: toOutput ? process.stdout : (out as string | undefined) });
  const rows = `${count(result.rows, 'row')} of ${copyName(result)}`;
  if (toOutput) context.report.step(`Wrote ${rows}.`);
  return { value: result, text: toOutput ? '' : `Wrote ${rows} to ${result.file}, which only you can read.` };
}

async function prune(context: Context, flags: CommonFlags): Promise<Outcome> {
  const { lockWaitMs } = engineFlags(context, flags);
  const olderThan = flags.olderThan as string | undefined;
  const result = await pruneKept(context, {
    olderThan,
    returnedOnly: flags.returnedOnly === true,
    ...(lockWaitMs === undefined ? {} : { lockWaitMs }),
  });
  const { pruned, spared, target } = result;
  const stay =
    spared > 0
      ? ` ${count(spared, 'copy', 'copies')} as old ${spared === 1 ? 'stays, for it was' : 'stay, for they were'} not put back, or not wholly.`
      : '';
  if (pruned.length === 0)
    return {
      value: result,
      text: `Nothing was removed from ${target}: ${spared > 0 ? 'no copy that was put back' : 'no copy'} is older than ${olderThan}.${stay}`,
    };
  return {
    value: result,
    text: `Removed ${count(pruned.length, 'copy', 'copies')} from ${target}, ${size(pruned.reduce((sum, { bytes }) => sum + bytes, 0))}.${stay}`,
  };
}

async function release(context: Context): Promise<Outcome> {
  const result = await releaseKept(context);
  const text = result.released
    ? `Released: TRUNCATE of supasnap's tables is allowed on ${result.target}. Nothing was deleted. The next "npx supasnap migrate" guards them again.`
    : `Nothing to release: no table on ${result.target} refuses TRUNCATE.`;
  return { value: result, text };
}
