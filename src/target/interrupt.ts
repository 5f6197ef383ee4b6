import { connect as connectSocket } from 'node:net';
import type pg from 'pg';
import { failed, type Problem } from '../errors.ts';

/** Connections that are open; those at work when the program is interrupted are told to stop. */
const open = new Set<pg.Client>();
const over = new AbortController();

/** Aborted once the program was interrupted. */
export const interrupted: AbortSignal = over.signal;

/** What every statement gives that was to follow the interruption. */
export const interruption = (
  state = 'What was not committed is taken back.',
  next = 'To see where things are: npx supasnap status',
): Problem => failed('interrupted', 'Interrupted.', { state, next });

/** What gives back and cleans up goes on all the same. */
const givesBack = /^\s*(rollback\s*$|drop database if exists |select pg_advisory_unlock)/i;

/** After an interruption a connection takes no new work, so that everything unwinds as after any other error. */
export function heedInterruption(client: pg.Client): void {
  if (interrupted.aborted) return;
  open.add(client);
  client.on('end', () => open.delete(client));
  const query = client.query.bind(client) as (...words: unknown[]) => unknown;
  const guarded = (...words: unknown[]) =>
    interrupted.aborted && open.has(client) && typeof words[0] === 'string' && !givesBack.test(words[0])
      ? Promise.reject(interruption())
      : query(...words);
  client.query = guarded as typeof client.query;
}

/** Lets a connection be used again, to ask what became of things. */
export const letAsk = (client: pg.Client): void => void open.delete(client);

/** Stops what is at work: the server is asked to cancel each running statement, and nothing new begins. */
export function interrupt(): void {
  over.abort();
  for (const client of open) cancel(client);
}

/** The protocol's CancelRequest: 16 bytes on a connection of its own, which servers and poolers take without TLS and login. */
function cancel(client: pg.Client): void {
  const { host, port, processID, secretKey } = client as unknown as {
    host: string;
    port: number;
    processID: number | null;
    secretKey: number | null;
  };
  if (processID === null || secretKey === null) return;
  const packet = Buffer.alloc(16);
  for (const [at, word] of [16, 80_877_102, processID, secretKey].entries()) packet.writeInt32BE(word, at * 4);
  const socket = host.startsWith('/') ? connectSocket(`${host}/.s.PGSQL.${port}`) : connectSocket(port, host);
  socket.setTimeout(3_000, () => socket.destroy());
  socket.on('error', () => {}).on('connect', () => socket.end(packet));
}
