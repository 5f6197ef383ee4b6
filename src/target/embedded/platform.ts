import { createHash } from 'node:crypto';
import type pg from 'pg';
import { type ConnectionSettings, quoteName, quoteText, withClient } from '../connection.ts';
import { auth } from './platform/auth.ts';
import { defaultPrivileges } from './platform/default-privileges.ts';
import { extras } from './platform/extras.ts';
import { realtime } from './platform/realtime.ts';
import { rightsSql } from './platform/rights.ts';
import { rolesSql } from './platform/roles.ts';
import { schemas } from './platform/schemas.ts';
import { storage } from './platform/storage.ts';
import type { EmbeddedServer } from './server.ts';

const platformSql = [schemas, auth, storage, realtime, rightsSql, defaultPrivileges, extras].join('\n');
/** A server that outlives an update of this tool gets a new template. */
const templateName = `supasnap_platform_${createHash('sha256').update(platformSql).digest('hex').slice(0, 8)}`;
/** Advisory lock: one process at a time shapes a server. */
const lockKey = 7_268_350_117;

/** Makes a database of an embedded server look like a fresh Supabase project, unless it does already. */
export async function ensurePlatform(server: EmbeddedServer, database = 'postgres'): Promise<void> {
  if (await withClient({ ...server.superuser, database }, isPlatform)) return;
  await withServerLock(server, async (client) => {
    await ensureRoles(client, server);
    await shape({ ...server.superuser, database });
  });
}

/**
 * Makes a new database, shaped like a fresh Supabase project and owned by postgres, as a copy of a template.
 * Gives the settings to reach it as postgres.
 */
export async function createPlatformDatabase(server: EmbeddedServer, name: string): Promise<ConnectionSettings> {
  await ensureTemplate(server);
  await withClient(server.superuser, (client) =>
    client.query(`CREATE DATABASE ${quoteName(name)} TEMPLATE ${templateName} OWNER postgres`),
  );
  return { ...server.postgres, database: name };
}

/** Makes the template and the roles, unless they are there. */
export async function ensureTemplate(server: EmbeddedServer): Promise<void> {
  if (await withClient(server.superuser, templateExists)) return;
  await withServerLock(server, async (client) => {
    if (await templateExists(client)) return;
    await ensureRoles(client, server);
    const making = `${templateName}_making`;
    await client.query(`DROP DATABASE IF EXISTS ${making}`);
    await client.query(`CREATE DATABASE ${making} TEMPLATE template0 OWNER postgres`);
    await shape({ ...server.superuser, database: making });
    await client.query(`ALTER DATABASE ${making} RENAME TO ${templateName}`);
    await client.query(`ALTER DATABASE ${templateName} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`);
  });
}

/** Makes the platform's roles on a server that lacks them; role postgres gets the server's password. */
export async function ensureRoles(client: pg.Client, server: EmbeddedServer): Promise<void> {
  const found = await client.query(`SELECT FROM pg_roles WHERE rolname = 'service_role'`);
  if (found.rowCount) return;
  const password = `ALTER ROLE postgres PASSWORD ${quoteText(server.postgres.password ?? '')};`;
  await inTransaction(client, `${rolesSql(server.major)}\n${password}`);
}

/** Whether the database was shaped by us: the schema of the platform and the function for its rights. */
export async function isPlatform(client: pg.Client): Promise<boolean> {
  const result = await client.query<{ shaped: boolean }>(
    `SELECT to_regclass('auth.users') IS NOT NULL
       AND to_regprocedure('supabase_migrations.supasnap_platform_rights(boolean)') IS NOT NULL AS shaped`,
  );
  return result.rows[0]?.shaped ?? false;
}

/**
 * Lets role postgres take, in this database, the rights it has on the hosted platform:
 * `SELECT supabase_migrations.supasnap_platform_rights(true)`, and false to give them back. The client is a superuser's.
 */
export async function installPlatformRights(client: pg.Client): Promise<void> {
  await inTransaction(client, rightsSql);
}

const shape = (settings: ConnectionSettings): Promise<void> =>
  withClient(settings, async (client) => {
    if (await isPlatform(client)) return;
    await inTransaction(client, `ALTER DATABASE ${quoteName(settings.database)} OWNER TO postgres;\n${platformSql}`);
  });

const inTransaction = async (client: pg.Client, sql: string): Promise<void> => {
  try {
    await client.query(`BEGIN; SET LOCAL search_path = pg_catalog; ${sql} COMMIT;`);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
};

const templateExists = async (client: pg.Client): Promise<boolean> =>
  ((await client.query('SELECT FROM pg_database WHERE datname = $1', [templateName])).rowCount ?? 0) > 0;

const withServerLock = <T>(server: EmbeddedServer, use: (client: pg.Client) => Promise<T>): Promise<T> =>
  withClient(server.superuser, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    return use(client);
  });
