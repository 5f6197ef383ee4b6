import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Config } from '../config/config.ts';
import { exitCodes, Problem } from '../errors.ts';
import { clusterKey } from '../snapshot/cluster-facts.ts';
import type { State } from '../snapshot/state.ts';
import { connect, quoteName, quoteText, withClient, type ConnectionSettings } from '../target/connection.ts';
import { findServerBinaries } from '../target/embedded/binaries.ts';
import { interrupted } from '../target/interrupt.ts';
import { installPlatformRights } from '../target/embedded/platform.ts';
import { discardEmbedded, startEmbedded, stopEmbedded, type EmbeddedServer } from '../target/embedded/server.ts';
import { packageFolders } from '../target/embedded/target.ts';
import { loadState } from './load.ts';
import type { Shadow } from './shadow.ts';

/** One rehearsal at a time per shadow server. */
const lockKey = 5_201_026_211_501;

/** Speed for safety: the shadow is thrown away when it is lost. A dump is loaded in one transaction, which locks all that it makes: ten thousand tables. */
const throwaway = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  max_wal_senders: '0',
  wal_level: 'minimal',
  shared_buffers: '128MB',
  max_locks_per_transaction: '1024',
};

/** A server for rehearsals. It holds nothing of anyone's, so what is wrong with it is mended by throwing it away. */
export interface ShadowServer {
  readonly server: EmbeddedServer;
  /** Throws its data away and starts it with new data. */
  remake: () => Promise<void>;
}

/**
 * A server of the target's major version, for the length of a command. It is stopped afterwards and its data stays, so a
 * state that was loaded, or reached by a rehearsal, need not be loaded again.
 */
export async function withShadowServer<T>(
  config: Config,
  major: number,
  use: (shadows: ShadowServer) => Promise<T>,
  name = `shadow-${major}`,
): Promise<T> {
  const files = { stateFolder: config.stateFolder, name };
  const start = () => startEmbedded({ ...files, major, searchFrom: packageFolders(config), settings: throwaway });
  const startAnew = async () => {
    await discardEmbedded(files);
    return start();
  };
  let server = await start().catch((error: Error) => {
    if (error instanceof Problem && error.code === 'embedded_failed') return startAnew();
    throw error;
  });
  let lock: pg.Client | undefined;
  const takeLock = async () => {
    lock = await connect(server.superuser);
    await lock.query('select pg_advisory_lock($1)', [lockKey]);
  };
  const remake = async () => {
    await lock?.end().catch(() => {});
    server = await startAnew();
    await takeLock();
  };
  try {
    await takeLock();
    return await use({
      get server() {
        return server;
      },
      remake,
    });
  } finally {
    // One that lets nobody in is in nobody's use.
    await stopWhenAlone(server, lock).catch(() => stopEmbedded(files));
    await lock?.end().catch(() => {});
  }
}

export const hasShadowServer = (config: Config, major: number): boolean => findServerBinaries(major, packageFolders(config)) !== undefined;

/** The shadow's database or roles can't be cleared; a server that is made anew has none. */
export class ShadowStuck extends Problem {
  constructor(cause: Error) {
    super(exitCodes.failed, 'shadow_failed', `The shadow server can't be made ready: ${cause.message}`, {
      state: 'The target was not touched.',
      next: 'Run the command again.',
      cause,
    });
  }
}

/** A shadow in the named database of a server that is ours alone; it is loaded unless it holds that state already. */
export async function embeddedShadow(server: EmbeddedServer, state: State, database = 'shadow'): Promise<Shadow> {
  const settings: ConnectionSettings = { ...server.superuser, database };
  const ownRoles = state.facts.base.has({ kind: 'role', name: server.superuser.user }) ? [] : [server.superuser.user];
  const reads = clusterKey(['predefined', state.session.user, 'pg_read_all_data']);
  const shadow: Shadow = {
    kind: 'embedded',
    name: `embedded PostgreSQL ${server.version}`,
    settings,
    ownRoles,
    standsFor: state.facts.cluster?.database,
    lent: state.facts.cluster?.entries[reads] === undefined ? reads : undefined,
    actAs: state.session,
    commits: true,
    keep: (reached) => remember(server, database, warmKey(reached)),
    reload: (other) => load(server, settings, other, ownRoles),
  };
  if ((await remembered(server, database)) !== warmKey(state)) await load(server, settings, state, ownRoles);
  await remember(server, database, undefined);
  return shadow;
}

async function load(server: EmbeddedServer, settings: ConnectionSettings, state: State, ownRoles: string[]): Promise<void> {
  await recreate(server, settings.database, state, ownRoles);
  await loadState(settings, state, ownRoles);
  if (state.session.platformRights) await withClient(settings, installPlatformRights);
}

/** The dump names everything but roles and their rights; both together are the state. */
export const warmKey = ({ sql, facts, session, definitions }: State): string =>
  createHash('sha256')
    .update(sql)
    .update(JSON.stringify([definitions?.queues ?? [], session.user, session.platformRights, session.maySet]))
    .update(facts.base.rootHash)
    .update(facts.serverVersion)
    .update(facts.notModelled.join('\n'))
    .update(JSON.stringify(facts.cluster ?? null))
    .digest('hex');

/** An empty database, and no role that the target does not have. */
async function recreate(server: EmbeddedServer, database: string, state: State, ownRoles: string[]): Promise<void> {
  const made = withClient(server.superuser, async (client) => {
    await client.query(`drop database if exists ${quoteName(database)} with (force)`);
    const { rows } = await client.query<{ name: string }>(
      `select rolname::text as name from pg_roles where oid >= 16384 and rolname <> $1`,
      [server.superuser.user],
    );
    const extra = rows.map((row) => row.name).filter((name) => !ownRoles.includes(name) && !state.facts.base.has({ kind: 'role', name }));
    // Stand-ins for databases of other targets.
    const owned = await client.query<{ name: string; stays: boolean }>(
      'select datname::text as name, datname = current_database() as stays from pg_database where pg_get_userbyid(datdba) = any($1)',
      [extra],
    );
    for (const { name, stays } of owned.rows)
      await client.query(
        stays ? `alter database ${quoteName(name)} owner to current_user` : `drop database ${quoteName(name)} with (force)`,
      );
    for (const name of extra) await client.query(`drop owned by ${quoteName(name)}; drop role ${quoteName(name)}`);
    await client.query(`create database ${quoteName(database)} template template0`);
  });
  await made.catch((error: Error) => {
    throw interrupted.aborted ? error : new ShadowStuck(error);
  });
}

async function remembered(server: EmbeddedServer, database: string): Promise<string | undefined> {
  return withClient(server.superuser, async (client) => {
    const { rows } = await client.query<{ key: string | null }>(
      "select shobj_description(oid, 'pg_database') as key from pg_database where datname = $1",
      [database],
    );
    return rows[0]?.key ?? undefined;
  });
}

const remember = (server: EmbeddedServer, database: string, key: string | undefined): Promise<void> =>
  withClient(server.superuser, async (client) => {
    await client.query(`comment on database ${quoteName(database)} is ${key === undefined ? 'null' : quoteText(key)}`);
  });

async function stopWhenAlone(server: EmbeddedServer, lock: pg.Client | undefined): Promise<void> {
  const others = await withClient(
    server.superuser,
    async (client) => {
      const { rows } = await client.query<{ others: string }>(
        "select count(*) as others from pg_locks where locktype = 'advisory' and objid = ($1::bigint & 4294967295)::oid and pid is distinct from $2",
        [lockKey, (lock as { processID?: number } | undefined)?.processID],
      );
      return Number(rows[0]!.others);
    },
    { afterInterruption: true },
  );
  if (others === 0) await stopEmbedded(server);
}
