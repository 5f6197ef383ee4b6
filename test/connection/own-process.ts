import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, chownSync, cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { findServerBinaries } from '../../src/target/embedded/binaries.ts';
import { serverEnvironment } from '../../src/target/embedded/cluster.ts';
import { preparePlace } from '../../src/target/embedded/place.ts';
import { prepareRuntime } from '../../src/target/embedded/runtime.ts';
import { freePort } from './pgbouncer.ts';

export interface OwnProcess {
  port: number;
  process: ChildProcess;
  /** Ends it at once, and waits for that. */
  end: () => Promise<void>;
}

/** A copy of a stopped server's data, to be started with a file of that name beside it, such as standby.signal. */
export function copyData(from: string, name: string, signal?: string): string {
  const to = `${from}-${name}`;
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  rmSync(join(to, 'postmaster.pid'), { force: true });
  if (signal) writeFileSync(join(to, signal), '');
  own(to, statSync(from));
  return to;
}

/** Starts PostgreSQL on that data without waiting until it is ready: some never are. */
export async function startOn(data: string, major: number, settings: Record<string, string> = {}): Promise<OwnProcess> {
  const place = preparePlace(join(tmpdir(), inject('run')));
  const runtime = prepareRuntime(findServerBinaries(major, [process.cwd()])!, place);
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    max_locks_per_transaction: '256',
    wal_level: 'logical',
    port: String(port),
    fsync: 'off',
    ...settings,
  };
  const words = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(join(runtime, 'bin', 'postgres'), words, {
    cwd: place.folder,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    ...place.account,
  });
  child.stderr!.on('data', (text) => appendFileSync(`${data}.log`, text));
  const end = () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve()).kill('SIGQUIT');
    });
  return { port, process: child, end };
}

/** Copied by root, they must still belong to the server's account. */
function own(path: string, { uid, gid }: { uid: number; gid: number }): void {
  if (process.getuid?.() !== 0) return;
  chownSync(path, uid, gid);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) own(join(path, name), { uid, gid });
}
