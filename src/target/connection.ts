import pg from 'pg';

/** How to reach one database. The password never leaves this value except to the driver. */
export interface ConnectionSettings {
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  ssl?: boolean | { rejectUnauthorized: boolean; ca?: string };
}

/** Opens a client, hands it over, and always closes it. */
export async function withClient<T>(
  settings: ConnectionSettings,
  use: (client: pg.Client) => Promise<T>,
  options: { applicationName?: string } = {},
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
  options: { applicationName?: string } = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    ...settings,
    application_name: options.applicationName ?? 'supasnap',
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export { quoteName, quoteText } from '../sql-names.ts';
