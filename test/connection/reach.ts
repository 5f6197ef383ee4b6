import dns from 'node:dns';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type pg from 'pg';
import { readConfig } from '../../src/config/config.ts';
import type { Context } from '../../src/context.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { Problem } from '../../src/errors.ts';
import { renderProblem } from '../../src/render-problem.ts';
import { type Purpose, withTarget } from '../../src/target/session.ts';
import type { ConnectionSettings } from '../../src/target/connection.ts';

export interface Reached {
  exitCode: number;
  /** Which error it was, when it failed. */
  code?: ErrorCode;
  told: string;
  /** Whether the server sees an encrypted connection; undefined when none came about. */
  encrypted?: boolean;
}

export interface ReachOptions {
  purpose?: Purpose;
  sslRootCert?: string;
  environment?: Record<string, string>;
  /** Hears each line as it is told. */
  onTold?: (line: string) => void;
  /** What is done there; looks whether the connection is encrypted unless said. */
  act?: (client: pg.Client) => Promise<unknown>;
}

/** Connects to the target of that URL as every command does, and says how that went. */
export const reach = (url: string, { purpose = 'read', act, ...options }: ReachOptions = {}): Promise<Reached> =>
  command(
    url,
    tmpdir(),
    (context) => withTarget(context, async ({ client }) => (act ? await act(client) : await isEncrypted(client)) as boolean, purpose),
    options,
  ).then(({ value, ...ended }) => ({
    ...ended,
    ...(value === undefined ? {} : { encrypted: value }),
  }));

/** Runs a function behind a command on that URL. */
export async function command<T>(
  url: string,
  folder: string,
  run: (context: Context) => Promise<T>,
  { sslRootCert, environment = {}, onTold = () => {} }: ReachOptions = {},
) {
  const told: string[] = [];
  const tell = (text: string) => {
    told.push(text);
    onTold(text);
  };
  const context: Context = {
    config: readConfig(folder, folder),
    target: { remote: url },
    environment,
    report: { target: tell, step: tell, note: tell, warn: tell },
    now: () => new Date(),
    yes: true,
    ...(sslRootCert ? { sslRootCert } : {}),
    secret: () => {},
  };
  try {
    const value: T = await run(context);
    return { exitCode: 0, code: undefined, told: told.join('\n'), value };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      exitCode: error.exitCode as number,
      code: error.code as ErrorCode | undefined,
      told: [...told, renderProblem(error)].join('\n'),
    };
  }
}

const isEncrypted = async (client: pg.Client) =>
  (await client.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).rows[0]!.ssl;

export const urlOf = ({ user, password, database, port }: ConnectionSettings, host = '127.0.0.1', words = '') =>
  `postgresql://${user}:${password}@${host}:${port}/${database}${words && `?${words}`}`;

/** Lets names end at this machine, in this process alone, as entries of its hosts file would. */
export async function withNames<T>(names: Record<string, string>, run: () => Promise<T>): Promise<T> {
  const { lookup } = dns;
  dns.lookup = ((name: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) => {
    const address = names[name];
    if (address === undefined) return lookup(name, options as dns.LookupOptions, done as never);
    return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
  }) as typeof lookup;
  try {
    return await run();
  } finally {
    dns.lookup = lookup;
  }
}

export interface Door {
  port: number;
  /** How many came so far. */
  visits: () => number;
}

/** A TCP server on this machine that treats each visitor as `treat` says; the first has number 1. */
export async function withDoor<T>(
  treat: (visitor: Socket, number: number) => void,
  use: (door: Door) => Promise<T>,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<T> {
  const sockets = new Set<Socket>();
  let visits = 0;
  const door = createServer((visitor) => {
    sockets.add(visitor.on('error', () => {}));
    treat(visitor, ++visits);
  });
  await new Promise<void>((resolve, reject) => door.on('error', reject).listen(port, host, resolve));
  try {
    return await use({ port: (door.address() as AddressInfo).port, visits: () => visits });
  } finally {
    for (const socket of sockets) socket.destroy();
    door.close();
  }
}

/** Leads a visitor on to a server. */
export const leadTo =
  ({ port }: { port: number }) =>
  (visitor: Socket) => {
    const server = connect({ host: '127.0.0.1', port });
    visitor.pipe(server).on('error', () => visitor.destroy());
    server.pipe(visitor);
  };
