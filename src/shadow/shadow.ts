import type pg from 'pg';
import { connect, quoteName, quoteText, type ConnectionSettings } from '../target/connection.ts';
import type { FactsOptions } from '../snapshot/facts.ts';
import { readGuards } from '../snapshot/guards.ts';
import type { Session, State } from '../snapshot/state.ts';

/** A database in which a change is rehearsed. It holds the target's schema and no rows of it. */
export interface Shadow {
  kind: 'embedded' | 'scratch' | 'url' | 'target';
  /** In words, for the output and the header of the rollback file. */
  name: string;
  settings: ConnectionSettings;
  /** Roles of the shadow that are no part of the state. */
  ownRoles: string[];
  /** A membership that its login has there and not on the target, as a key of cluster facts. */
  lent?: string | undefined;
  /** The target's database, by whose name settings of a database are made there too; undefined where it is the target's server. */
  standsFor?: string;
  /** The login that migrations run as there; undefined where the connection already is that login. */
  actAs?: Session;
  /** Whether steps may be committed, so that pg_dump can see them. On the target itself nothing ever is. */
  commits: boolean;
  /** Says which state the shadow holds now, so that the next rehearsal of that state need not load it. */
  keep: (state: State) => Promise<void>;
  /** Throws away what it holds and loads another state; undefined where that can't be done. */
  reload?: (state: State) => Promise<void>;
}

/** How facts are read on a shadow, so that they compare with the target's. */
export const factsOn = (
  { ownRoles, standsFor, lent }: Pick<Shadow, 'ownRoles' | 'standsFor' | 'lent'>,
  insideTransaction: boolean,
): FactsOptions => ({
  insideTransaction,
  ignoreRoles: ownRoles,
  ...(standsFor === undefined ? {} : { database: standsFor }),
  ...(lent === undefined ? {} : { lent }),
});

/** A connection on which a migration runs as it will on the target. */
export async function connectAsTarget(shadow: Shadow): Promise<pg.Client> {
  const client = await connect(shadow.settings, { applicationName: 'supasnap shadow' });
  if (shadow.actAs) await client.query(sessionStatements(shadow.actAs).join(';\n'));
  return client;
}

/** Opens such a connection, hands it over, and always closes it. */
export async function onShadow<T>(shadow: Shadow, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectAsTarget(shadow);
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Its policies and triggers. */
export const guardsOf = (shadow: Shadow): Promise<string> =>
  onShadow(shadow, async (client) => {
    await client.query('begin');
    return readGuards(client);
  });

const sessionStatements = (session: Session): string[] => [
  `set session authorization ${quoteName(session.user)}`,
  ...session.settings.map(({ name, value }) => `select set_config(${quoteText(name)}, ${quoteText(value)}, false)`),
];
