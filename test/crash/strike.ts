import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connect, type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { isAlive, readPostmaster } from '../../src/target/embedded/postmaster.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import type { Crash } from './draw.ts';
import type { Disk } from './disk.ts';
import type { Program } from './program.ts';
import type { Relay } from './relay.ts';

/** What there is to strike. A port finds the session that has it at the server; a number from 0 to 1 picks one of the program's. */
export interface Victim {
  program: Program;
  relay: Relay;
  session: { port: number } | { pick: number };
}

export type Strike = (victim: Victim) => Promise<void>;

export interface Scene {
  server: EmbeddedServer;
  target: ConnectionSettings;
  /** Starts the server again after it was stopped, with the same data and port. */
  restart: () => Promise<void>;
  /** The disk of this case, where it has one. */
  disk: Disk | undefined;
}

/** How long a session of a program that is gone may stay, in milliseconds. */
const patienceMs = 10_000;
const own = { applicationName: 'crash test' };

/** After these the program has no one to answer, or none who asks. */
export const isFatal = ({ how, network }: Crash): boolean =>
  ['program', 'session', 'backend', 'server'].includes(how) || (how === 'network' && network.kind !== 'delay');

/** Ready before the moment comes, for the moment is short. At the end the server is there again, and the disk has room. */
export async function withStrike<T>(
  { server, target, restart, disk }: Scene,
  { how, network, restartMs }: Crash,
  use: (strike: Strike) => Promise<T>,
): Promise<T> {
  const control = how === 'session' || how === 'backend' ? await connect(server.superuser, own) : undefined;
  let there: Promise<void> = Promise.resolve();
  const strike: Strike = async ({ program, relay, session }) => {
    if (how === 'program') return program.kill();
    if (how === 'interrupt') return program.signal('SIGINT');
    if (how === 'network') return relay.disturb(network);
    if (how === 'disk' || how === 'server disk') return disk!.fill();
    if (how === 'server') {
      await stopAtOnce(server);
      there = (restartMs === undefined ? program.ended : sleep(restartMs)).then(restart);
      there.catch(() => {});
      return;
    }
    const pid = await findSession(control!, target.database, session);
    if (pid === undefined) return;
    if (how === 'session') await control!.query('select pg_terminate_backend($1)', [pid]);
    else process.kill(pid, 'SIGKILL');
  };
  try {
    return await use(strike);
  } finally {
    await there;
    disk?.clear();
    await control?.end().catch(() => {});
  }
}

async function stopAtOnce({ dataFolder }: EmbeddedServer): Promise<void> {
  const { pid } = readPostmaster(dataFolder)!;
  process.kill(pid, 'SIGQUIT');
  while (isAlive(pid)) await sleep(5);
}

async function findSession(control: pg.Client, database: string, which: { port: number } | { pick: number }): Promise<number | undefined> {
  const { rows } = await control.query<{ pid: number; client_port: number }>(
    "select pid, client_port from pg_stat_activity where datname = $1 and application_name like 'supasnap%' order by backend_start",
    [database],
  );
  if ('port' in which) return rows.find(({ client_port }) => client_port === which.port)?.pid;
  return rows[Math.floor(which.pick * rows.length)]?.pid;
}

/** Waits until the server answers and no session of the program is left. Gives how long that took, in milliseconds. */
export async function waitForSessions(server: EmbeddedServer, target: ConnectionSettings): Promise<number> {
  const began = performance.now();
  for (;;) {
    const left = await sessionsLeft(server, target.database).catch((error: Error) => [error.message]);
    const waited = performance.now() - began;
    if (left.length === 0) return Math.round(waited);
    if (waited > patienceMs) throw new Error(`After ${Math.round(waited)} ms the program is gone and these are left:\n${left.join('\n')}`);
    await sleep(20);
  }
}

const sessionsLeft = (server: EmbeddedServer, database: string): Promise<string[]> =>
  withClient(
    server.superuser,
    async (client) => {
      const { rows } = await client.query<{ line: string }>(
        "select format('%s %s %s %s: %s', pid, application_name, state, wait_event, query) as line from pg_stat_activity where datname = $1 and application_name like 'supasnap%'",
        [database],
      );
      return rows.map(({ line }) => line);
    },
    own,
  );
