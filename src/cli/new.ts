import { newFiles } from '../commands/new.ts';
import type { Context } from '../context.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], _flags: CommonFlags): Promise<Outcome> {
  const [version = '', ...description] = words;
  const made = await newFiles(context, { version, description: description.join(' ') });
  const lines = [
    `Migration:  ${made.migration}`,
    `Smoke test: ${made.smokeTest}${made.smokeTestWritten ? '' : ` (exists and was left as it is: add the checks of this migration to it)`}`,
    '',
    `Write the SQL, then see what it does: npx supasnap migrate --dry-run`,
  ];
  return { value: made, text: lines.join('\n') };
}
