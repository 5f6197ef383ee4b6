import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, Problem } from '../../errors.ts';
import { type ConnectionSettings, withClient } from '../connection.ts';
import { findServerBinaries, missingBinaries } from './binaries.ts';
import { prepareCluster, whatToDo } from './cluster.ts';
import { launch } from './launch.ts';
import { type Place, preparePlace } from './place.ts';
import { isAlive, isServerOf, readPostmaster } from './postmaster.ts';
import { prepareRuntime } from './runtime.ts';
import { type ServerFiles, prepareFiles, readSecrets, writeSecrets } from './server-files.ts';
import { withStartLock } from './start-lock.ts';

/** A running PostgreSQL of our own, on 127.0.0.1. */
export interface EmbeddedServer {
  major: number;
  /** As the server says it, such as "17.10". */
  version: string;
  port: number;
  /** Role supabase_admin, a superuser, in database postgres. */
  superuser: ConnectionSettings;
  /** Role postgres, not a superuser; it exists once a platform database was made. */
  postgres: ConnectionSettings;
  dataFolder: string;
}

export interface StartOptions {
  /** 15, 16, 17 or 18. */
  major: number;
  /** Where the server's files are kept, such as `<workdir>/.supasnap`. */
  stateFolder: string;
  /** One server per name: 'target', 'shadow-17', … */
  name: string;
  /** Folders from which node_modules are searched for the server's programs. */
  searchFrom: string[];
  /** A wish; another is taken when it is in use. */
  port?: number;
  /** Server settings, such as `{ fsync: 'off' }` for a throwaway server; used when the server is started. */
  settings?: Record<string, string>;
  /** Where to keep the data of a throwaway server instead, such as a folder in memory. Root: one that others may enter. */
  dataFolder?: string;
}

/**
 * Gives the server of that name: the running one, or starts it, making its data first when there is none.
 * It stays in the background when this process ends. Throws a Problem when it can't be started.
 */
export async function startEmbedded(options: StartOptions): Promise<EmbeddedServer> {
  try {
    const place = preparePlace(options.stateFolder);
    const files = prepareFiles(place, options.name, options.dataFolder);
    return (await running(files)) ?? (await withStartLock(files.lock, async () => (await running(files)) ?? start(files, place, options)));
  } catch (error) {
    throw error instanceof Problem ? error : cannotPrepare(error as Error);
  }
}

/** Stops a server of ours: sessions are ended, committed work is safe. Nothing happens when it is not running. */
export async function stopEmbedded(server: EmbeddedServer | { stateFolder: string; name: string }): Promise<void> {
  const data = 'dataFolder' in server ? server.dataFolder : prepareFiles(preparePlace(server.stateFolder), server.name).data;
  const postmaster = readPostmaster(data);
  if (!postmaster || !isServerOf(postmaster.pid, data)) return;
  process.kill(postmaster.pid, 'SIGINT');
  for (let waited = 0; isAlive(postmaster.pid) && existsSync(join(data, 'postmaster.pid')); waited += 10) {
    if (waited > 30_000) {
      throw failed('embedded_failed', `The embedded PostgreSQL (process ${postmaster.pid}) did not stop within 30 seconds.`, {
        next: 'Look whether a session of it is stuck, then try again.',
      });
    }
    await sleep(10);
  }
}

/** Stops a server that holds nothing of anyone's, and removes its data. */
export async function discardEmbedded(server: { stateFolder: string; name: string }): Promise<void> {
  await stopEmbedded(server);
  const files = prepareFiles(preparePlace(server.stateFolder), server.name);
  await withStartLock(files.lock, async () => rmSync(files.data, { recursive: true, force: true }));
}

const start = async (files: ServerFiles, place: Place, options: StartOptions): Promise<EmbeddedServer> => {
  const binaries = findServerBinaries(options.major, options.searchFrom);
  if (!binaries) throw missingBinaries(options.major, options.searchFrom);
  const runtime = prepareRuntime(binaries, place);
  const settings = options.settings ?? {};
  prepareCluster(files, { runtime, place, major: options.major, durable: settings.fsync !== 'off' });
  const secrets = readSecrets(files);
  if (!secrets) throw passwordLost(files);
  const port = await launch(files, { runtime, place, settings, port: options.port ?? secrets.port });
  writeSecrets(files, { ...secrets, port });
  const server = await running(files);
  if (!server) {
    throw failed('embedded_failed', 'The embedded PostgreSQL started but does not answer.', { detail: [`Its log: ${files.log}`] });
  }
  return server;
};

/** The server of this data folder, if it runs and answers to our password. */
const running = async (files: ServerFiles): Promise<EmbeddedServer | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const postmaster = readPostmaster(files.data);
    const secrets = readSecrets(files);
    if (!postmaster?.ready || !secrets || !isServerOf(postmaster.pid, files.data)) return undefined;
    try {
      return await describe(files, postmaster.port, secrets.password);
    } catch (error) {
      // It may be going away at this very moment; then its process is gone at the next look.
      if (attempt === 50 || !isConnectionLost(error)) throw doesNotAnswer(files, error);
      await sleep(50);
    }
  }
};

const describe = async (files: ServerFiles, port: number, password: string): Promise<EmbeddedServer> => {
  const superuser = { host: '127.0.0.1', port, user: 'supabase_admin', password, database: 'postgres' };
  const version = await withClient(
    superuser,
    async (client) => {
      const result = await client.query<{ server_version: string }>('SHOW server_version');
      return result.rows[0]?.server_version.split(' ')[0] ?? '';
    },
    // Who started it stops it.
    { afterInterruption: true },
  );
  return {
    major: Number.parseInt(version, 10),
    version,
    port,
    superuser,
    postgres: { ...superuser, user: 'postgres' },
    dataFolder: files.data,
  };
};

const isConnectionLost = (error: unknown): boolean => {
  const { code, message } = error as { code?: string; message?: string };
  return /^(ECONN|EPIPE|57P0)/.test(code ?? '') || /terminated|timeout/i.test(message ?? '');
};

const doesNotAnswer = (files: ServerFiles, cause: unknown) =>
  failed('embedded_failed', 'The embedded PostgreSQL is running but does not let us in.', {
    detail: [(cause as Error).message, `Its log: ${files.log}`],
    next: `Check that ${files.secrets} is the file written when its data was made.`,
    cause,
  });

const cannotPrepare = (cause: Error) =>
  failed('embedded_failed', 'The embedded PostgreSQL could not be prepared.', {
    detail: [cause.message],
    next: whatToDo(cause.message),
    cause,
  });

const passwordLost = (files: ServerFiles) =>
  failed('embedded_failed', `The password of the embedded PostgreSQL is gone: ${files.secrets} is missing.`, {
    detail: [`Its data is still there: ${files.data}`],
    next: `Put the file back, or move ${files.folder} away to begin anew.`,
  });
