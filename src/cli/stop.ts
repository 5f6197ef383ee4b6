import { stop } from '../commands/stop.ts';
import type { Context } from '../context.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, _words: string[], _flags: CommonFlags): Promise<Outcome> {
  const stopped = await stop(context);
  const lines = stopped.map(({ name, port, sessions }) => {
    const ended = sessions === 0 ? '' : `; ${sessions} open session${sessions === 1 ? ' was' : 's were'} ended`;
    return `Stopped the embedded PostgreSQL "${name}" (port ${port})${ended}. Its data stays.`;
  });
  return { value: { stopped }, text: lines.length === 0 ? 'No embedded PostgreSQL of this project is running.' : lines.join('\n') };
}
