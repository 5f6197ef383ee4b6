import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase } from '../../src/target/embedded/platform.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';

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

/** A fresh database like a fresh Supabase project; dropped afterwards. */
export function withDatabase<T>(major: number, use: (database: TestDatabase) => Promise<T>): Promise<T> {
  return withNamed(major, createPlatformDatabase, use);
}

/** A fresh empty database, owned by postgres; dropped afterwards. */
export function withEmptyDatabase<T>(major: number, use: (database: TestDatabase) => Promise<T>): Promise<T> {
  return withNamed(major, createEmptyDatabase, use);
}

/** The server of a major version that this test run started. */
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
  const server = testServer(major);
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
