import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { withClient } from '../../src/target/connection.ts';
import { memoryFolder } from '../../src/target/embedded/memory-folder.ts';
import { ensureTemplate } from '../../src/target/embedded/platform.ts';
import { isAlive } from '../../src/target/embedded/postmaster.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';

export const majors = [15, 17] as const;

declare module 'vitest' {
  export interface ProvidedContext {
    servers: EmbeddedServer[];
    /** The name of this run, for servers that a test file starts for itself. */
    run: string;
  }
}

/** Of servers that are thrown away. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
};
const prefix = 'supasnap-test-';
/** Data in memory where there is room for it: a database is made in 20 ms there, on a slow disk in 400. */
const memory = memoryFolder(3 * 1024 ** 3);

/** One throwaway server of each major version for the whole run, and the programs of scripts/ as the sources are now. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  await buildPrograms();
  const name = `${prefix}${process.pid}`;
  const stateFolder = join(tmpdir(), name);
  mkdirSync(stateFolder);
  chmodSync(stateFolder, 0o755);
  try {
    project.provide('run', name);
    const servers = await Promise.all(majors.map((major) => startTestServer(name, 'test', major)));
    project.provide('servers', servers);
    const before = await Promise.all(servers.map(readSharedChanges));
    return async () => {
      try {
        const files = existsSync(sharedWritesOf(name)) ? readFileSync(sharedWritesOf(name), 'utf8').trim().split('\n') : [];
        refuseSharedChanges(before, await Promise.all(servers.map(readSharedChanges)), files);
      } finally {
        await remove(name);
      }
    };
  } catch (error) {
    await remove(name);
    throw error;
  }
}

/** Where the files are noted that ran while such a catalog was written. */
export const sharedWritesOf = (run: string): string => join(tmpdir(), run, 'shared-writes');

/** How many rows of the catalogs that a whole server shares were ever written, also by what was rolled back. */
export const readSharedChanges = ({ superuser }: EmbeddedServer): Promise<Record<string, number>> =>
  withClient(superuser, async (client) => {
    const { rows } = await client.query<{ catalog: string; changes: number }>(
      `select c::text as catalog, (pg_stat_get_tuples_inserted(c) + pg_stat_get_tuples_updated(c) + pg_stat_get_tuples_deleted(c))::int as changes
       from unnest(array['pg_authid', 'pg_auth_members', 'pg_tablespace', 'pg_parameter_acl']) as name, to_regclass(name) as c where c is not null
       union all select 'settings of roles in all databases', ('x' || left(md5(string_agg(s::text, ' ' order by setrole)), 7))::bit(28)::int
       from pg_db_role_setting s where setdatabase = 0`,
    );
    return Object.fromEntries(rows.map(({ catalog, changes }) => [catalog, changes]));
  });

/** A role that is made on the server of all files makes another file's migrate fail now and then: it is found here each time. */
function refuseSharedChanges(before: Record<string, number>[], after: Record<string, number>[], files: string[]): void {
  const changed = new Set(after.flatMap((counts, index) => Object.keys(counts).filter((name) => counts[name] !== before[index]![name])));
  if (changed.size === 0) return;
  console.error(
    `A test wrote ${[...changed].join(', ')} of a server that all files share. Let its file call ownServers() (test/postgres/database.ts). It ran beside or in: ${files.join(', ') || 'no file'}.`,
  );
  // What a teardown throws is told, and the run still passes.
  process.exitCode = 1;
}

const buildPrograms = async (): Promise<void> => {
  const { buildAll } = (await import(new URL('../../scripts/build.mjs', import.meta.url).href)) as { buildAll: () => Promise<void> };
  await buildAll();
};

/** Servers of a run: one shared by all files, and one for each corpus, for the crashes, the races and the properties alone. */
const kinds = ['test', 'corpus', 'data', 'crash', 'race', 'property'] as const;
export type ServerKind = (typeof kinds)[number];

/** A server of this run. It is removed with the run. */
export const startTestServer = async (run: string, kind: ServerKind, major: number): Promise<EmbeddedServer> => {
  // What is told as committed must be so when a server process is killed.
  const server = await startServer(run, `${kind}-${major}`, major, kind === 'crash' ? { ...settings, synchronous_commit: 'on' } : settings);
  await ensureTemplate(server);
  return server;
};

/** A server whose files go with the run; who starts it stops it. */
export const startServer = (
  run: string,
  name: string,
  major: number,
  withSettings: Record<string, string> = settings,
): Promise<EmbeddedServer> =>
  startEmbedded({
    major,
    stateFolder: join(tmpdir(), run),
    name,
    searchFrom: [process.cwd()],
    settings: withSettings,
    dataFolder: memory && join(memory, run, name),
  });

const remove = async (name: string): Promise<void> => {
  const stateFolder = join(tmpdir(), name);
  await Promise.all(majors.flatMap((major) => kinds.map((kind) => stopEmbedded({ stateFolder, name: `${kind}-${major}` }))));
  for (const folder of [stateFolder, ...(memory ? [join(memory, name)] : [])]) {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** A run that was killed could not clean up after itself. */
const removeLeftovers = async (): Promise<void> => {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : 0;
    if (pid > 0 && !isAlive(pid)) await remove(name).catch(() => {});
  }
};
