import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionSettings } from '../target/connection.ts';
import { isServerOf, readPostmaster } from '../target/embedded/postmaster.ts';
import { readSecrets } from '../target/embedded/server-files.ts';

/** An embedded server of this project that is running: `target`, `shadow-17` and the like. */
export interface RunningServer {
  name: string;
  pid: number;
  port: number;
  superuser: ConnectionSettings;
}

/** The embedded servers of a state folder that are running now. Nothing is made or changed. */
export function runningServers(stateFolder: string): RunningServer[] {
  const link = join(stateFolder, 'embedded');
  if (!existsSync(link)) return [];
  const folder = realpathSync(link);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const secrets = readSecrets({ secrets: join(folder, name, 'server.json') });
      const data = secrets?.data ?? join(folder, name, 'data');
      const postmaster = secrets && readPostmaster(data);
      if (!postmaster || !isServerOf(postmaster.pid, data)) return [];
      const { pid, port } = postmaster;
      return [
        {
          name,
          pid,
          port,
          superuser: { host: '127.0.0.1', port, user: 'supabase_admin', password: secrets.password, database: 'postgres' },
        },
      ];
    });
}
