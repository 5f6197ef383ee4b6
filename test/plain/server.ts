import { afterAll, beforeAll, inject } from 'vitest';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { type EmbeddedServer, stopEmbedded } from '../../src/target/embedded/server.ts';
import type { CaseHome } from '../postgres/case-database.ts';
import { startServer } from '../postgres/setup.ts';

/** The versions that the tool is for. */
export const plainMajors = [15, 16, 17, 18] as const;

/** Who migrates plain databases: a superuser of the usual name, an owner who is none, and a master role such as clouds give. */
export const logins = {
  'superuser postgres': { user: 'postgres', attributes: 'superuser' },
  'the owner of the database': { user: 'app_owner', attributes: '' },
  'a master role without superuser': { user: 'master', attributes: 'createrole createdb' },
} as const;

export type Login = keyof typeof logins;

const password = 'plain-secret';
let started = 0;

/** A plain PostgreSQL for the describe block that calls this, without any role or schema of the platform. `database` makes an empty one that the login owns. */
export function plainServer(major: number): {
  server: () => EmbeddedServer;
  shadows: () => EmbeddedServer;
  database: (login: Login) => Promise<ConnectionSettings>;
  superuser: () => ConnectionSettings;
  /** Where cases of the corpora run. */
  home: (login: Login) => CaseHome;
} {
  let server: EmbeddedServer;
  let shadows: EmbeddedServer;
  beforeAll(async () => {
    const name = `plain-${major}-${process.pid}-${++started}`;
    server = await startServer(inject('run'), name, major);
    shadows = await startServer(inject('run'), `${name}-shadow`, major);
    await withClient(server.superuser, async (client) => {
      for (const { user, attributes } of Object.values(logins))
        await client.query(`create role ${user} login ${attributes} password '${password}'`);
    });
    // The one that made the server has a name of the platform's here.
    await withClient({ ...server.superuser, user: 'postgres', password }, (client) =>
      client.query('alter role supabase_admin rename to bootstrap'),
    );
  });
  afterAll(async () => {
    for (const each of [server, shadows]) await stopEmbedded(each);
  });
  const superuser = () => ({ ...server.superuser, user: 'postgres', password });
  let count = 0;
  const create = async (login: Login, database: string) => {
    const { user } = logins[login];
    await withClient(superuser(), (client) => client.query(`create database ${database} template template0 owner ${user}`));
    return { ...superuser(), user, database };
  };
  return {
    server: () => ({ ...server, superuser: superuser() }),
    shadows: () => shadows,
    superuser,
    database: (login) => create(login, `plain_${++count}`),
    home: (login) => ({ create: (name) => create(login, name), superuser: superuser(), major, shadows }),
  };
}
