import pg from 'pg';
import { heedInterruption, interrupted, interruption } from './interrupt.ts';
import { encryptionIsAskedFor, lacksTls } from './connection-problem.ts';
import { tlsWays, type Tls, type TlsWords } from './tls.ts';

/** How to reach one database. The password never leaves this value except to the driver. */
export interface ConnectionSettings {
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  /** What was said about encryption. */
  tls?: TlsWords;
  /** What was decided about it; then `tls` is not asked any more. */
  ssl?: Tls;
  /** How long one attempt may take, in milliseconds; 15,000 unless said. */
  connectTimeoutMs?: number;
}

interface ConnectOptions {
  applicationName?: string;
  /** After an interruption too: to clean up, and to ask what became of things. */
  afterInterruption?: boolean;
}

/** Milliseconds. */
export const defaultConnectTimeoutMs = 15_000;

/** Opens a client, hands it over, and always closes it. */
export async function withClient<T>(
  settings: ConnectionSettings,
  use: (client: pg.Client) => Promise<T>,
  options: ConnectOptions = {},
): Promise<T> {
  const client = await connect(settings, options);
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Opens a client. The caller ends it. */
export const connect = async (settings: ConnectionSettings, options: ConnectOptions = {}): Promise<pg.Client> =>
  (await connectAnyWay(settings, options)).client;

/** Opens a client, and says what was decided about encryption, so that later connections do the same. */
export async function connectAnyWay(settings: ConnectionSettings, options: ConnectOptions = {}): Promise<{ client: pg.Client; ssl: Tls }> {
  const ways = settings.ssl === undefined ? tlsWays(settings) : [settings.ssl];
  for (const [index, ssl] of ways.entries()) {
    try {
      return { client: await open(settings, ssl, options), ssl };
    } catch (error) {
      const curable = ssl === false ? encryptionIsAskedFor(error as Error) : lacksTls(error as Error);
      if (index === ways.length - 1 || !curable) throw error;
    }
  }
  throw new Error('there is no way to connect');
}

/** Nothing but names is sent at start-up: poolers refuse settings there. What the driver would take from the environment is said here. */
async function open(
  { host, port, user, password, database, connectTimeoutMs = defaultConnectTimeoutMs }: ConnectionSettings,
  ssl: Tls,
  { applicationName = 'supasnap', afterInterruption }: ConnectOptions,
): Promise<pg.Client> {
  if (interrupted.aborted && !afterInterruption) throw interruption();
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl,
    sslnegotiation: 'postgres',
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
  } as pg.ClientConfig);
  client.on('error', () => {});
  await client.connect();
  heedInterruption(client);
  return client;
}

export { quoteName, quoteText } from '../sql-names.ts';
