import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
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

/** One throwaway server of each major version for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const name = `${prefix}${process.pid}`;
  const stateFolder = join(tmpdir(), name);
  mkdirSync(stateFolder);
  chmodSync(stateFolder, 0o755);
  try {
    project.provide('run', name);
    project.provide('servers', await Promise.all(majors.map((major) => startTestServer(name, 'test', major))));
    return () => remove(name);
  } catch (error) {
    await remove(name);
    throw error;
  }
}

/** Servers of a run: one shared by all files, and one for each corpus, for the crashes, the races and the properties alone. */
const kinds = ['test', 'corpus', 'data', 'crash', 'race', 'property'] as const;
export type ServerKind = (typeof kinds)[number];

/** A server of this run. It is removed with the run. */
export const startTestServer = async (name: string, kind: ServerKind, major: number): Promise<EmbeddedServer> => {
  const server = await startEmbedded({
    major,
    stateFolder: join(tmpdir(), name),
    name: `${kind}-${major}`,
    searchFrom: [process.cwd()],
    // What is told as committed must be so when a server process is killed.
    settings: kind === 'crash' ? { ...settings, synchronous_commit: 'on' } : settings,
    dataFolder: memory && join(memory, name, `${kind}-${major}`),
  });
  await ensureTemplate(server);
  return server;
};

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
