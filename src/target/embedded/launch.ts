import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed } from '../../errors.ts';
import { serverEnvironment, whatToDo } from './cluster.ts';
import type { Place } from './place.ts';
import { isAlive, isServerOf, readPostmaster } from './postmaster.ts';
import { type ServerFiles, logTail, turnLog } from './server-files.ts';

const patienceMs = 60_000;
const attempts = 5;

const baseSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  max_locks_per_transaction: '256',
  wal_level: 'logical',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  logging_collector: 'off',
  max_wal_size: '1GB',
};

/** Starts the server in the background and waits until it is ready. Gives its port: the wished one when it was free. */
export const launch = async (
  files: ServerFiles,
  options: { runtime: string; place: Place; port: number; settings: Record<string, string> },
): Promise<number> => {
  let port = options.port;
  for (let attempt = 1; ; attempt++) {
    port = await freePort(port);
    clearForeignPid(files);
    const outcome = await tryLaunch(files, { ...options, port });
    if (outcome === 'ready') return port;
    const text = outcome.join('\n');
    // Another program took the port in between, or the server before this one is still going away.
    const passes = /Address already in use|could not bind|shared memory block|lock file .* already exists/i.test(text);
    if (!passes || attempt === attempts) {
      throw failed('embedded_failed', 'The embedded PostgreSQL did not start.', {
        detail: [...outcome, `Its log: ${files.log}`],
        next: whatToDo(text),
      });
    }
    if (/Address already|could not bind/i.test(text)) port = 0;
    await sleep(200 * attempt);
  }
};

const tryLaunch = async (
  files: ServerFiles,
  { runtime, place, port, settings }: { runtime: string; place: Place; port: number; settings: Record<string, string> },
): Promise<'ready' | string[]> => {
  turnLog(files);
  const log = openSync(files.log, 'a', 0o600);
  const all = { ...baseSettings, ...settings, port: String(port) };
  const words = ['-D', files.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(join(runtime, 'bin', 'postgres'), words, {
    cwd: place.folder,
    env: serverEnvironment(),
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
    ...place.account,
  });
  closeSync(log);
  let failure: string[] | undefined;
  child.once('error', (error) => {
    failure = [error.message];
  });
  child.once('exit', () => {
    failure ??= logTail(files);
  });
  child.unref();
  const deadline = Date.now() + patienceMs;
  while (!failure && Date.now() < deadline) {
    const postmaster = readPostmaster(files.data);
    if (postmaster?.ready && postmaster.pid === child.pid) return 'ready';
    await sleep(5);
  }
  return failure ?? [`It was not ready after ${patienceMs / 1000} seconds.`, ...logTail(files)];
};

/** After a crash, another program may have got the process id that is written in the data folder; PostgreSQL then refuses to start. */
const clearForeignPid = (files: ServerFiles): void => {
  const postmaster = readPostmaster(files.data);
  if (postmaster && isAlive(postmaster.pid) && !isServerOf(postmaster.pid, files.data)) {
    rmSync(join(files.data, 'postmaster.pid'), { force: true });
  }
};

const freePort = async (wished: number): Promise<number> => {
  const port = await probe(wished).catch(() => 0);
  return port || probe(0);
};

const probe = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
