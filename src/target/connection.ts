import pg from 'pg';
import { heedInterruption, interrupted, interruption } from './interrupt.ts';

/** How to reach one database. The password never leaves this value except to the driver. */
export interface ConnectionSettings {
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  ssl?: boolean | { rejectUnauthorized: boolean; ca?: string };
}

interface ConnectOptions {
  applicationName?: string;
  /** After an interruption too: to clean up, and to ask what became of things. */
  afterInterruption?: boolean;
}

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
export async function connect(
  settings: ConnectionSettings,
  options: ConnectOptions = {},
): Promise<pg.Client> {
  if (interrupted.aborted && !options.afterInterruption) throw interruption();
  const client = new pg.Client({
    ...settings,
    application_name: options.applicationName ?? 'supasnap',
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
  });
  client.on('error', () => {});
  await client.connect();
  heedInterruption(client);
  return client;
}

export { quoteName, quoteText } from '../sql-names.ts';
