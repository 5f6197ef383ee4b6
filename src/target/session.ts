import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed, Problem, refused } from '../errors.ts';
import { connectAnyWay, defaultConnectTimeoutMs, quoteName } from './connection.ts';
import { connectionProblem, isLostConnection, passingTrouble, type ConnectionError } from './connection-problem.ts';
import { poolerProblem, preferSession, readPooling, type Pooling } from './pooler.ts';
import { resolveTarget } from './resolve.ts';
import { describeTarget, type Target } from './target.ts';
import { completeTls } from './tls.ts';
import { watchTouch } from './touched.ts';
import { isLocalHost } from './url.ts';

/** An open connection to the target, and what its server says of itself. */
export interface TargetSession {
  target: Target;
  client: pg.Client;
  server: ServerFacts;
  pooling: Pooling;
}

interface ServerFacts {
  version: string;
  versionNum: number;
  major: number;
  /** A standby that follows another server. */
  standby: boolean;
  /** Whether new transactions there may only read. */
  readOnly: boolean;
}

/**
 * What a command is up to. `change` needs a session on a server that can be written to; `read` is content with a pooler in
 * transaction mode and with a standby, so it sets nothing outside a transaction and takes no lock of the session.
 */
export type Purpose = 'change' | 'read';

/** Connects to the target, prints the `Target:` line, hands the session over, and always closes it. */
export async function withTarget<T>(
  context: Context,
  use: (session: TargetSession) => Promise<T>,
  purpose: Purpose = 'change',
): Promise<T> {
  const { report } = context;
  const resolved = await resolveTarget(context);
  const { target, client, server, named } = await connectFirst(context, resolved);
  let pooling: Pooling | undefined;
  const touched = watchTouch(client);
  try {
    if (!named) report.target(describeTarget(target, server));
    if (target.settings.port !== resolved.settings.port)
      report.note(
        `Port ${resolved.settings.port} there is the transaction pooler; the session pooler on port ${target.settings.port} is used instead.`,
      );
    if (target.settings.ssl === false && !isLocalHost(target.settings.host))
      report.warn('This connection is not encrypted: sslmode=disable asks for that.');
    if (server.major < 15) {
      throw failed('unsupported_version', `PostgreSQL ${server.version} is too old: 15 to 18 are supported.`, {
        state: 'Nothing was changed.',
        next: 'Upgrade the database first.',
      });
    }
    pooling = await (purpose === 'read' ? readPooling(client, target.settings, 1_000) : readPooling(client, target.settings));
    if (purpose === 'change') await refuseWhatCantChange(client, target, server, pooling);
    else if (pooling === 'transaction') report.note('This goes through a pooler in transaction mode, so it only reads.');
    if (pooling === 'session') await cleanSession(client);
    // Limits of the login are for what people run; each change sets its own.
    if (pooling === 'session' || pooling === 'direct')
      await client.query('set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0');
    return await use({ target, client, server, pooling });
  } catch (error) {
    throw inWords(error, target, purpose === 'change' && touched());
  } finally {
    if (pooling === 'session') await cleanSession(client).catch(() => {});
    await client.end().catch(() => {});
  }
}

/** A pooler may hand on a session as its last client left it: ours begins as a new one does, and ends so. */
async function cleanSession(client: pg.Client): Promise<void> {
  await client.query('discard all');
  await client.query("set application_name = 'supasnap'; set client_encoding = 'UTF8'");
}

/** Pauses between the attempts, in milliseconds. */
const pausesMs = [200, 400, 800, 1_600];

/**
 * Only here is anything tried again: nothing can have happened yet. It ends with a first answer, for a pooler lets clients in before it
 * has a server for them. Encryption is settled by it for all that follows.
 */
async function connectFirst(
  { report, environment, sslRootCert }: Context,
  resolved: Target,
): Promise<{ target: Target; client: pg.Client; server: ServerFacts; named: boolean }> {
  const ours = resolved.kind === 'embedded' || resolved.kind === 'local';
  const settings = ours
    ? { ...resolved.settings, ssl: false }
    : { ...preferSession(resolved.settings), tls: completeTls(resolved.settings.tls, sslRootCert, environment) };
  const target = { ...resolved, settings };
  for (let tries = 0; ; tries++) {
    let opened: pg.Client | undefined;
    try {
      const { client, ssl } = await connectAnyWay(settings);
      opened = client;
      return {
        client,
        named: tries > 0,
        server: await readServer(client, settings.connectTimeoutMs),
        target: { ...target, settings: { ...settings, ssl } },
      };
    } catch (error) {
      opened?.end().catch(() => {});
      if (error instanceof Problem) throw error;
      if (tries === 0) report.target(describeTarget(target));
      const trouble = passingTrouble(error as ConnectionError, target);
      const pause = pausesMs[tries];
      if (trouble === undefined || pause === undefined) throw connectionProblem(error as ConnectionError, target);
      report.note(`${trouble} Trying again (${tries + 1} of ${pausesMs.length}) …`);
      await sleep(pause * (0.75 + Math.random() / 2));
    }
  }
}

async function readServer(client: pg.Client, timeoutMs = defaultConnectTimeoutMs): Promise<ServerFacts> {
  const { rows } = await client.query<{ version: string; number: number; standby: boolean; readOnly: boolean }>({
    text: `select split_part(current_setting('server_version'), ' ', 1) as version, current_setting('server_version_num')::int as number,
            pg_is_in_recovery() as standby, current_setting('transaction_read_only')::bool as "readOnly"`,
    query_timeout: timeoutMs,
  } as pg.QueryConfig);
  const { version, number, standby, readOnly } = rows[0]!;
  return { version, versionNum: number, major: Math.floor(number / 10_000), standby, readOnly };
}

async function refuseWhatCantChange(
  client: pg.Client,
  target: Target,
  { standby, readOnly }: ServerFacts,
  pooling: Pooling,
): Promise<void> {
  const state = 'Nothing was changed.';
  if (pooling === 'transaction' || pooling === 'full') throw await poolerProblem(pooling, client, target);
  if (standby)
    throw refused(
      'not_writable',
      `${target.settings.host}:${target.settings.port} is a standby: it follows another server and can't be changed.`,
      {
        state,
        next: "Use the primary's address. Status and test work here.",
      },
    );
  if (readOnly) {
    throw refused('not_writable', 'The database is read-only: default_transaction_read_only is on.', {
      detail: ['The hosted platform sets it when the disk is full.'],
      state,
      next: `Find out why, then: alter database "${target.settings.database}" set default_transaction_read_only = off (or, where a role has it, alter role "${target.settings.user}" reset default_transaction_read_only).`,
    });
  }
}

/** An error that nobody has put into words yet; what became of a change is asked where it is made. */
function inWords(error: unknown, target: Target, touched: boolean): unknown {
  if (error instanceof Problem) return error;
  const { message, code, severity } = error as ConnectionError & { severity?: string };
  const said = `${message}${code ? ` (${code})` : ''}`;
  if (isLostConnection(error as ConnectionError))
    return failed('connection_lost', `The connection to ${target.settings.host}:${target.settings.port} was lost.`, {
      detail: [said],
      state: touched
        ? 'Nothing that was told above as done is undone; whether anything else was changed is not known.'
        : 'Nothing was changed.',
      next: touched ? 'Look at: npx supasnap status' : 'Run the command again.',
      cause: error,
    });
  if (touched) return error;
  return failed(severity === undefined ? 'internal' : 'sql_failed', `${said}.`, {
    state: 'Nothing was changed.',
    next: code === '42501' ? rightMissing(message, target) : 'The same command with --debug shows more.',
    cause: error,
  });
}

/** Which right the login lacks, and how it gets it. */
function rightMissing(message: string, { settings: { user } }: Target): string {
  const [, kind, name] = /permission denied for (schema|table|sequence|database) (\S+)/.exec(message) ?? [];
  const as = 'Connect as the role that owns the tables in schema supabase_migrations';
  if (kind === 'schema') return `${as}, or let its owner run: grant usage on schema ${quoteName(name!)} to ${quoteName(user)};`;
  return `${user} lacks that right. ${as}.`;
}
