import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/config.ts';
import type { ConnectionSettings } from '../connection.ts';
import { ensurePlatform } from './platform.ts';
import { startEmbedded } from './server.ts';

/** The major version of the embedded target. */
export const embeddedMajor = 17;

/** Folders from which PostgreSQL packages are looked for: the user's project, then our own. */
export const packageFolders = (config: Config): string[] => [config.workdir, fileURLToPath(new URL('.', import.meta.url))];

/** Starts the embedded target when it is not running, and gives the way to reach it as role postgres. */
export async function startTarget(config: Config): Promise<ConnectionSettings> {
  const server = await startEmbedded({
    major: embeddedMajor,
    stateFolder: config.stateFolder,
    name: 'target',
    searchFrom: packageFolders(config),
  });
  await ensurePlatform(server);
  return server.postgres;
}
