import { releaseKept } from '../commands/kept.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import type { CommonFlags, Outcome } from './programs.ts';

export async function run(context: Context, words: string[], _flags: CommonFlags): Promise<Outcome> {
  if (words.length !== 1 || words[0] !== 'release') {
    throw usage(`"kept ${words.join(' ')}" does not exist.`, {
      detail: ['kept release   allow TRUNCATE of the tables that keep snapshots and rollbacks in the database'],
      state: 'Nothing was changed.',
      next: 'npx supasnap kept release',
    });
  }
  const result = await releaseKept(context);
  const text = result.released
    ? `Released: TRUNCATE of supasnap's tables is allowed on ${result.target}. Nothing was deleted. The next "npx supasnap migrate" guards them again.`
    : `Nothing to release: no table on ${result.target} refuses TRUNCATE.`;
  return { value: result, text };
}
