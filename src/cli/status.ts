import { renderStatus } from '../commands/status-text.ts';
import { status } from '../commands/status.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../errors.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, _words: string[], flags: CommonFlags): Promise<Outcome> {
  const value = await status(context);
  const code = flags.exitCode === true && !value.inOrder ? exitCodes.refused : exitCodes.done;
  return { value, text: renderStatus(value, context.now()), code };
}
