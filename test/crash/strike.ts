import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connect, type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import type { How } from './draw.ts';
import type { Program } from './program.ts';

/** Ends the program's process or one of its server processes. A number by itself finds the session with that client port. */
export type Strike = (program: Program, which: { port: number } | { pick: number }) => Promise<void>;

/** How long a session of a program that is gone may stay, in milliseconds. */
const patienceMs = 10_000;
const own = { applicationName: 'crash test' };

/** Ready before the moment comes, for the moment is short. */
export async function withStrike<T>(server: EmbeddedServer, target: ConnectionSettings, how: How, use: (strike: Strike) => Promise<T>): Promise<T> {
  const control = await connect(server.superuser, own);
  try {
    return await use(async (program, which) => {
      if (how === 'program') return program.kill();
      const pid = await findSession(control, target.database, which);
      if (pid === undefined) return;
      if (how === 'session') await control.query('select pg_terminate_backend($1)', [pid]);
      else process.kill(pid, 'SIGKILL');
    });
  } finally {
    await control.end().catch(() => {});
  }
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
