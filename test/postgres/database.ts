import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase, ensureTemplate } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, stopEmbedded } from '../../src/target/embedded/server.ts';
import { startServer } from './setup.ts';

/** The major versions that every database test runs on. */
export const majors = [15, 17] as const;

/** For files where another major adds little: that one alone, or both with SUPASNAP_MAJORS=all (npm run test:majors). */
export const mostly = (major: 15 | 17): readonly number[] => (process.env.SUPASNAP_MAJORS === 'all' ? majors : [major]);

/** A database that lives as long as one test. */
export interface TestDatabase {
  name: string;
  /** As role postgres, which is not a superuser. */
  settings: ConnectionSettings;
  /** As supabase_admin, a superuser. */
  superuser: ConnectionSettings;
  /** For role postgres, with its password. */
  url: string;
}

/**
 * Gives the databases of the file that calls this servers that no other file uses, each started when it is first asked for. Roles, their
 * settings and memberships belong to a whole server: who makes one between another file's rehearsal and its apply makes that fail, rightly.
 */
export function ownServers(): void {
  own = new Map();
  const servers = own;
  afterAll(async () => {
    for (const server of await Promise.all(servers.values())) await stopEmbedded(server);
  });
}

/** A file's own, by major version. */
let own: Map<number, Promise<EmbeddedServer>> | undefined;

/** The server of the file's own databases: its own where it called ownServers(), else the one of all files. */
export function serverOf(major: number): EmbeddedServer | Promise<EmbeddedServer> {
  if (!own) return testServer(major);
  const server = own.get(major) ?? startOwn(major);
  own.set(major, server);
  return server;
}

async function startOwn(major: number): Promise<EmbeddedServer> {
  const server = await startServer(inject('run'), `own-${major}-${process.pid}`, major);
  // With it come the platform's roles.
  await ensureTemplate(server);
  return server;
}

/** A fresh database like a fresh Supabase project; dropped afterwards. */
export function withDatabase<T>(major: number, use: (database: TestDatabase) => Promise<T>): Promise<T> {
  return withNamed(major, createPlatformDatabase, use);
}

/** A fresh empty database, owned by postgres; dropped afterwards. */
export function withEmptyDatabase<T>(major: number, use: (database: TestDatabase) => Promise<T>): Promise<T> {
  return withNamed(major, createEmptyDatabase, use);
}

/** The server of a major version that all files share. */
export function testServer(major: number): EmbeddedServer {
  const server = inject('servers').find((candidate) => candidate.major === major);
  if (!server) throw new Error(`The test run started no server ${major}.`);
  return server;
}

const withNamed = async <T>(
  major: number,
  create: (server: EmbeddedServer, name: string) => Promise<unknown>,
  use: (database: TestDatabase) => Promise<T>,
): Promise<T> => {
  const server = await serverOf(major);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await create(server, name);
  try {
    return await use(describeDatabase(server, name));
  } finally {
    await asSuperuser(server, `DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
  }
};

const createEmptyDatabase = (server: EmbeddedServer, name: string): Promise<void> =>
  asSuperuser(server, `CREATE DATABASE ${quoteName(name)} TEMPLATE template0 OWNER postgres`);

const asSuperuser = (server: EmbeddedServer, sql: string): Promise<void> =>
  withClient(server.superuser, async (client) => {
    await client.query(sql);
  });

const describeDatabase = (server: EmbeddedServer, name: string): TestDatabase => {
  const settings = { ...server.postgres, database: name };
  return {
    name,
    settings,
    superuser: { ...server.superuser, database: name },
    url: `postgresql://postgres:${settings.password}@${settings.host}:${settings.port}/${name}`,
  };
};
