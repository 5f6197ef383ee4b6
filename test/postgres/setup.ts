import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureTemplate } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';

export const majors = [15, 17] as const;

declare module 'vitest' {
  export interface ProvidedContext {
    servers: EmbeddedServer[];
  }
}

const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
};

/** One throwaway server of each major version for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'supasnap-test-'));
  await chmod(stateFolder, 0o755);
  const stop = async () => {
    await Promise.all(majors.map((major) => stopEmbedded({ stateFolder, name: `test-${major}` })));
    await rm(stateFolder, { recursive: true, force: true });
  };
  try {
    const servers = await Promise.all(majors.map((major) => start(stateFolder, major)));
    project.provide('servers', servers);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

const start = async (stateFolder: string, major: number): Promise<EmbeddedServer> => {
  const server = await startEmbedded({ major, stateFolder, name: `test-${major}`, searchFrom: [process.cwd()], settings });
  await ensureTemplate(server);
  return server;
};
