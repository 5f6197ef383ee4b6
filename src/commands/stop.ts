import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { lockKey } from '../target/lock.ts';
import { withClient } from '../target/connection.ts';
import { stopEmbedded } from '../target/embedded/server.ts';
import { runningServers, type RunningServer } from './embedded-servers.ts';

/** A server that was stopped. */
export interface StoppedServer {
  name: string;
  port: number;
  /** How many sessions of other programs were ended with it. */
  sessions: number;
}

/**
 * Stops the embedded servers of this project, the target's and those for rehearsals. Their data stays, and the next command
 * starts them again. Refuses while a migrate or rollback is at work on one, unless `yes` is set.
 */
export async function stop(context: Context): Promise<StoppedServer[]> {
  const { stateFolder } = context.config;
  const stopped: StoppedServer[] = [];
  const servers = runningServers(stateFolder);
  const found = await Promise.all(servers.map(async (server) => ({ server, ...(await sessionsOf(server)) })));
  const busy = found.find(({ runner }) => runner);
  if (busy && !context.yes) {
    throw refused('locked', `A migrate or rollback is at work on the embedded server "${busy.server.name}" (session ${busy.runner}).`, {
      state: 'Nothing was stopped.',
      next: 'Wait until it is done. To end it all the same, npx supasnap stop --yes: what it has not committed is undone.',
    });
  }
  for (const { server, sessions } of found) {
    await stopEmbedded({ stateFolder, name: server.name });
    stopped.push({ name: server.name, port: server.port, sessions });
  }
  return stopped;
}

/** Who is connected, and which session holds the lock of a runner; a server that lets nobody in is stopped too. */
async function sessionsOf(server: RunningServer): Promise<{ sessions: number; runner: number | null }> {
  try {
    return await withClient(server.superuser, async (client) => {
      const { rows } = await client.query<{ sessions: number; runner: number | null }>(
        `select (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()) as sessions,
                (select min(pid) from pg_locks where locktype = 'advisory' and granted
                   and classid = ($1::bigint >> 32)::oid and objid = ($1::bigint & 4294967295)::oid) as runner`,
        [lockKey],
      );
      return rows[0]!;
    });
  } catch {
    return { sessions: 0, runner: null };
  }
}
