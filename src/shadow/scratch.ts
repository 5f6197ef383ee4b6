import type pg from 'pg';
import { Problem } from '../errors.ts';
import { makeQueues } from '../platform-rows/on-shadow.ts';
import { withoutQueues } from '../snapshot/queue-entries.ts';
import { rerunnable } from '../snapshot/spelling.ts';
import { readSession, type State } from '../snapshot/state.ts';
import { connect, quoteName, withClient, type ConnectionSettings } from '../target/connection.ts';
import { connectionProblem } from '../target/connection-problem.ts';
import { poolerProblem, readPooling } from '../target/pooler.ts';
import { availableVersions, converge, extensionsAsTheyWere, NotFaithful, notFaithful, runDump } from './load.ts';
import type { Shadow } from './shadow.ts';

/** Names of our scratch databases begin so; the number is the session that made it. */
const prefix = 'supasnap_scratch_';

/**
 * A scratch database on the target's own server: it has every extension of the target, and the same roles. What a change
 * does to roles would reach the target too, so the rehearsal never commits such a change.
 */
export async function withScratchDatabase<T>(target: ConnectionSettings, state: State, use: (shadow: Shadow) => Promise<T>): Promise<T> {
  return withClient(target, async (client) => {
    await dropLeftovers(client);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const name = `${prefix}${rows[0]!.pid}`;
    await client.query(`create database ${quoteName(name)} template template0`).catch((error: Error) => {
      throw new NotFaithful(`no scratch database can be made on the target's server: ${error.message}`);
    });
    try {
      const settings = { ...target, database: name };
      const load = ({ sql, facts, definitions, session }: State) =>
        withClient(settings, async (scratch) => {
          await runDump(scratch, extensionsAsTheyWere(rerunnable(withoutQueues(sql)), facts, await availableVersions(scratch)));
          await makeQueues(scratch, definitions, session.user).catch(notFaithful);
          await converge(scratch, facts, [], { ours: false, standsFor: facts.cluster?.database });
        });
      // A pooler may know only the databases that it was told of.
      await connect(settings).then(
        (client) => client.end(),
        (error: Error) => {
          throw new NotFaithful(`a scratch database can't be connected to: ${error.message}`);
        },
      );
      const reload = async (other: State) => {
        await client.query(`drop database if exists ${quoteName(name)} with (force)`);
        await client.query(`create database ${quoteName(name)} template template0`);
        await load(other);
      };
      await load(state);
      return await use({
        kind: 'scratch',
        name: `a scratch database on the target's server`,
        settings,
        ownRoles: [],
        standsFor: state.facts.cluster?.database,
        actAs: state.session,
        commits: true,
        keep: async () => {},
        reload,
      });
    } finally {
      await client.query(`drop database if exists ${quoteName(name)} with (force)`);
    }
  });
}

/** Drops scratch databases whose maker is gone. */
export async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select datname::text as name from pg_database
     where datname ~ '^${prefix}[0-9]+$' and pg_has_role(datdba, 'member')
       and substr(datname, ${prefix.length + 1}) not in (select pid::text from pg_stat_activity)`,
  );
  for (const { name } of rows) await client.query(`drop database if exists ${quoteName(name)} with (force)`);
}

/** A database that the user names; it must be empty and is left empty of nothing that was in it before. */
export async function urlShadow(settings: ConnectionSettings, state: State): Promise<Shadow> {
  return onNamedShadow(settings, async (client) => {
    const { rows } = await client.query<{ tables: string }>(
      `select count(*) as tables from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%' and c.relkind in ('r', 'p', 'v', 'm')`,
    );
    if (Number(rows[0]!.tables) > 0)
      throw new NotFaithful(`the database of --shadow is not empty: it holds ${rows[0]!.tables} tables or views`);
    await runDump(client, extensionsAsTheyWere(rerunnable(withoutQueues(state.sql)), state.facts, await availableVersions(client)));
    await makeQueues(client, state.definitions, state.session.user).catch(notFaithful);
    await converge(client, state.facts, [], { ours: false, standsFor: state.facts.cluster?.database });
    const session = await readSession(client);
    return {
      kind: 'url',
      name: 'the database of --shadow',
      settings,
      ownRoles: [],
      standsFor: state.facts.cluster?.database,
      actAs: session.user === state.session.user ? undefined : state.session,
      commits: true,
      keep: async () => {},
    };
  });
}

/** What is rehearsed there needs a session as the target does. */
async function onNamedShadow<T>(settings: ConnectionSettings, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const shadow = { settings, origin: '--shadow' };
  const client = await connect(settings).catch((error: Error) => {
    throw error instanceof Problem ? error : connectionProblem(error, shadow);
  });
  try {
    const pooling = await readPooling(client, settings);
    if (pooling === 'transaction' || pooling === 'full') throw await poolerProblem(pooling, client, shadow);
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
