import type { Context } from '../context.ts';
import type { CommonFlags, Outcome } from './programs.ts';

export async function run(_context: Context, _words: string[], _flags: CommonFlags): Promise<Outcome> {
  throw new Error('not there yet');
}
