import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlatformDatabase } from '../src/target/embedded/platform.ts';
import { startEmbedded, stopEmbedded, type EmbeddedServer } from '../src/target/embedded/server.ts';
import { quoteName, withClient } from '../src/target/connection.ts';

/** A server of its own in a temporary folder, with default settings: what is written there is synced as on any server. */
export interface BenchServer {
  folder: string;
  version: string;
  /** A fresh database like a fresh Supabase project, or a copy of another one; gives its URL for role postgres. */
  createDatabase: (name: string, copyOf?: string) => Promise<string>;
  runSql: (database: string, sql: string) => Promise<void>;
  dropDatabase: (name: string) => Promise<void>;
}

export const withBenchServer = async <T>(root: string, major: number, use: (server: BenchServer) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'supasnap-bench-'));
  chmodSync(folder, 0o755);
  const place = { stateFolder: folder, name: 'bench' };
  const clear = async () => {
    const shadows = readdirSync(folder).map((project) => ({ stateFolder: join(folder, project, '.supasnap'), name: `shadow-${major}` }));
    for (const each of [place, ...shadows]) if (existsSync(join(each.stateFolder, 'embedded'))) await stopEmbedded(each);
    rmSync(folder, { recursive: true, force: true });
  };
  const onSignal = () => void clear().finally(() => process.exit(130));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const server = await startEmbedded({ ...place, major, searchFrom: [root] });
    return await use(describe(server, folder));
  } finally {
    await clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
};

const describe = (server: EmbeddedServer, folder: string): BenchServer => ({
  folder,
  version: server.version,
  createDatabase: async (name, copyOf) => {
    if (copyOf === undefined) await createPlatformDatabase(server, name);
    else
      await withClient(server.superuser, (client) =>
        client.query(`create database ${quoteName(name)} template ${quoteName(copyOf)} owner postgres`),
      );
    const { password, host, port } = server.postgres;
    return `postgresql://postgres:${password}@${host}:${port}/${name}`;
  },
  runSql: (database, sql) => withClient({ ...server.postgres, database }, async (client) => void (await client.query(sql))),
  dropDatabase: (name) =>
    withClient(server.superuser, async (client) => void (await client.query(`drop database ${quoteName(name)} with (force)`))),
});
