import type pg from 'pg';
import { refused, type Problem } from '../errors.ts';
import { connect, type ConnectionSettings } from './connection.ts';
import type { Target } from './target.ts';

/**
 * What stands between us and the server. Through a pooler in session mode a connection is a session; in transaction mode each
 * transaction may reach another one. `full` is a pooler that has no second connection to give, so that it can't be told.
 */
export type Pooling = 'direct' | 'session' | 'transaction' | 'full';

/** How long a second client may wait for the pooler, in milliseconds. */
const usualPatienceMs = 5_000;

/** The hosted platform has the same pooler in session mode one port further: that one is taken. */
export function preferSession(settings: ConnectionSettings): ConnectionSettings {
  return settings.port === 6543 && /\.pooler\.supabase\.com$/i.test(settings.host) ? { ...settings, port: 5432 } : settings;
}

/**
 * Recognises a pooler by the number that the server's process has: a pooler tells another one at log-in, and in transaction mode
 * two clients that do nothing share one process, or one client has several. Only reads.
 */
export async function readPooling(client: pg.Client, settings: ConnectionSettings, patienceMs = usualPatienceMs): Promise<Pooling> {
  const pid = await backendPid(client);
  if (pid === (client as unknown as { processID: number | null }).processID) return 'direct';
  if ((await backendPid(client)) !== pid) return 'transaction';
  const second = await connect({ ...settings, connectTimeoutMs: patienceMs }).catch(() => undefined);
  if (!second) return 'full';
  try {
    const other = await withinPatience(backendPid(second), patienceMs);
    if (other === undefined) return 'full';
    const pids = [pid, await backendPid(client)];
    return pids[0] !== pids[1] || pids.includes(other) || (await withinPatience(backendPid(second), patienceMs)) !== other
      ? 'transaction'
      : 'session';
  } finally {
    drop(second);
  }
}

const backendPid = async (client: pg.Client): Promise<number> =>
  (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;

/** Undefined when it takes too long, or breaks. */
async function withinPatience<T>(work: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  return Promise.race([work.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}

/** Without waiting for what it still may be waiting for. */
const drop = (client: pg.Client) => (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();

/** Says why nothing is changed through this pooler, and which address to use. */
export async function poolerProblem(
  pooling: 'transaction' | 'full',
  client: pg.Client,
  { settings, origin }: Pick<Target, 'settings' | 'origin'>,
): Promise<Problem> {
  const where = `${settings.host}:${settings.port}`;
  const state = 'Nothing was changed.';
  if (pooling === 'full') {
    return refused(
      'server_busy',
      `The pooler at ${where} gave no second connection within ${usualPatienceMs / 1000} s, and one is not enough.`,
      {
        state,
        next: 'Raise the size of its pool, end idle clients, or use the direct connection; then run the command again.',
      },
    );
  }
  return refused(
    'not_writable',
    `${where} is a pooler in transaction mode: there neither a lock nor a setting lasts from one statement to the next.`,
    {
      detail: ['Status and test work through it; what changes the database needs a session.'],
      state,
      next: `In ${origin} use ${await sessionAddress(client, settings)}, or a pooler in session mode.`,
    },
  );
}

/** The address that leads to a session: the platform's by its rule, else where the server behind the pooler says that it is. */
async function sessionAddress(client: pg.Client, { host, user, database }: ConnectionSettings): Promise<string> {
  const url = (address: string) => `postgresql://${encodeURIComponent(user)}:<password>@${address}/${encodeURIComponent(database)}`;
  if (/^db\.[a-z]{20}\.supabase\.co$/.test(host)) return url(`${host}:5432`);
  const { rows } = await client.query<{ address: string | null }>(
    "select case when family(inet_server_addr()) = 6 then format('[%s]', host(inet_server_addr())) else host(inet_server_addr()) end || ':' || inet_server_port() as address",
  );
  const { address } = rows[0]!;
  return address ? `the database's own address, which it gives as ${url(address)}` : "the database's own address";
}
