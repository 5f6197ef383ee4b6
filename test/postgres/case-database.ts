import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase } from '../../src/target/embedded/platform.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';

/** Where a case runs: how its databases are made, who made the server, and the server of its shadows. */
export interface CaseHome {
  create: (name: string, sql: string[]) => Promise<ConnectionSettings>;
  superuser: ConnectionSettings;
  major: number;
  shadows: EmbeddedServer;
}

/** Databases like fresh projects, with their shadows beside them. */
export const projectHome = (server: EmbeddedServer): CaseHome => ({
  create: (name, sql) => createCaseDatabase(server, name, sql),
  superuser: server.superuser,
  major: server.major,
  shadows: server,
});

/** Drops what a case made, its shadow too. */
export async function dropCase({ superuser, shadows }: CaseHome, name: string): Promise<void> {
  const drop = (settings: ConnectionSettings, database: string) =>
    withClient(settings, (client) => client.query(`drop database if exists ${quoteName(database)} with (force)`));
  await drop(superuser, name);
  await drop(shadows.superuser, `${name}_shadow`);
}

const platformTables = /\b(?:auth|storage|realtime|supabase_functions)\b/;
const template = 'case_template';
const templates = new Map<number, Promise<void>>();

/**
 * A database for a case of a corpus, like a fresh project. Where its SQL names nothing of auth, storage and realtime, their
 * schemas are left out, which takes half the time; with SUPASNAP_CORPUS=all they are always there.
 */
export async function createCaseDatabase(server: EmbeddedServer, name: string, sql: string[]): Promise<ConnectionSettings> {
  return process.env.SUPASNAP_CORPUS === 'all' || sql.some((text) => platformTables.test(text))
    ? createPlatformDatabase(server, name)
    : createBareDatabase(server, name);
}

/** A database with the platform's roles and without its schemas, for tests that need nothing of them: each dump and comparison is then far shorter. */
export async function createBareDatabase(server: EmbeddedServer, name: string): Promise<ConnectionSettings> {
  const ready = templates.get(server.port) ?? makeTemplate(server);
  templates.set(server.port, ready);
  await ready;
  await withClient(server.superuser, (client) => client.query(`create database ${quoteName(name)} template ${template} owner postgres`));
  return { ...server.postgres, database: name };
}

async function makeTemplate(server: EmbeddedServer): Promise<void> {
  await createPlatformDatabase(server, template);
  await withClient({ ...server.superuser, database: template }, async (client) => {
    await client.query('drop schema auth, storage, realtime, supabase_functions cascade');
    // Not the catalogs that all databases share: other cases read them in open transactions.
    const { rows } = await client.query<{ own: string }>(
      "select oid::regclass::text as own from pg_class where relkind in ('r', 'm') and not relisshared and relpersistence = 'p'",
    );
    for (const { own } of rows) await client.query(`vacuum full ${own}`);
  });
}
