import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { failed } from '../errors.ts';
import { clusterKey } from '../snapshot/cluster-facts.ts';
import type { State } from '../snapshot/state.ts';
import { quoteName, quoteText, withClient, type ConnectionSettings } from '../target/connection.ts';
import { findServerBinaries } from '../target/embedded/binaries.ts';
import { installPlatformRights } from '../target/embedded/platform.ts';
import { startEmbedded, stopEmbedded, type EmbeddedServer } from '../target/embedded/server.ts';
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

/**
 * A server of the target's major version, for the length of a command. It is stopped afterwards and its data stays, so a
 * state that was loaded, or reached by a rehearsal, need not be loaded again.
 */
export async function withShadowServer<T>(
  config: Config,
  major: number,
  use: (server: EmbeddedServer) => Promise<T>,
  name = `shadow-${major}`,
): Promise<T> {
  const server = await startEmbedded({
    major,
    stateFolder: config.stateFolder,
    name,
    searchFrom: packageFolders(config),
    settings: throwaway,
  });
  return withClient(server.superuser, async (lock) => {
    await lock.query('select pg_advisory_lock($1)', [lockKey]);
    try {
      return await use(server);
    } finally {
      await stopWhenAlone(server);
    }
  });
}

export const hasShadowServer = (config: Config, major: number): boolean => findServerBinaries(major, packageFolders(config)) !== undefined;

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
  if (state.session.user === 'postgres' && server.superuser.user !== 'postgres') await withClient(settings, installPlatformRights);
}

/** The dump names everything but roles and their rights; both together are the state. */
export const warmKey = ({ sql, facts, definitions }: State): string =>
  createHash('sha256')
    .update(sql)
    .update(JSON.stringify(definitions?.queues ?? []))
    .update(facts.base.rootHash)
    .update(facts.serverVersion)
    .update(facts.notModelled.join('\n'))
    .update(JSON.stringify(facts.cluster ?? null))
    .digest('hex');

/** An empty database, and no role that the target does not have. */
async function recreate(server: EmbeddedServer, database: string, state: State, ownRoles: string[]): Promise<void> {
  await withClient(server.superuser, async (client) => {
    await client.query(`drop database if exists ${quoteName(database)} with (force)`);
    const { rows } = await client.query<{ name: string }>(
      `select rolname::text as name from pg_roles where oid >= 16384 and rolname <> $1`,
      [server.superuser.user],
    );
    const extra = rows.map((row) => row.name).filter((name) => !ownRoles.includes(name) && !state.facts.base.has({ kind: 'role', name }));
    for (const name of extra) {
      await client
        .query(`drop owned by "${name.replaceAll('"', '""')}"; drop role "${name.replaceAll('"', '""')}"`)
        .catch((error: Error) => {
          throw failed(`The shadow server can't be made ready: ${error.message}`, {
            state: 'The target was not touched.',
            next: 'Remove .supasnap/embedded and run the command again; a new shadow server is then made.',
          });
        });
    }
    await client.query(`create database ${quoteName(database)} template template0`);
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

async function stopWhenAlone(server: EmbeddedServer): Promise<void> {
  const others = await withClient(
    server.superuser,
    async (client) => {
      const { rows } = await client.query<{ others: string }>(
        "select count(*) as others from pg_locks where locktype = 'advisory' and not granted and objid = ($1::bigint & 4294967295)::oid",
        [lockKey],
      );
      return Number(rows[0]!.others);
    },
    { afterInterruption: true },
  );
  if (others === 0) await stopEmbedded(server);
}
