import { parse } from 'pg-connection-string';
import { usage } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { readSslMode, type TlsWords } from './tls.ts';

type Environment = Record<string, string | undefined>;

/** Reads a postgresql:// URL; no message repeats it, for it may hold a password. */
export function settingsFromUrl(url: string, origin: string): ConnectionSettings {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw usage('bad_target', `${origin} does not hold a PostgreSQL URL.`, {
      state: 'Nothing was changed.',
      next: 'Use the form postgresql://user:password@host:5432/database.',
    });
  }
  if (!hasOneReading(url)) throw unreadable(origin);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(url.replace(/([?&])ssl(mode|rootcert)=[^&]*/g, '$1'));
  } catch {
    throw unreadable(origin);
  }
  if (parsed.host && !isHost.test(parsed.host)) throw unreadable(origin);
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  return {
    host: parsed.host || 'localhost',
    port: Number(parsed.port || 5432),
    user: parsed.user || 'postgres',
    password: parsed.password || undefined,
    database: parsed.database || 'postgres',
    ...tlsFrom(query.get('sslmode'), query.get('sslrootcert'), origin),
    ...patience(query.get('connect_timeout')),
  };
}

/**
 * A raw / ? or # in a password ends the part before the host, so that what follows would be taken for host, database or parameters, and be shown and
 * looked up as such. Then an @ stands behind it. A raw @ alone does no harm: no host has one.
 */
const hasOneReading = (url: string): boolean => /^\w+:\/\/[^/?#]*(?:[/?][^@#]*)?$/.test(url);

/** A name, an address, or the folder of a socket. */
const isHost = /^(?:[\w.-]+|\[?[\da-f:.]+(?:%\w+)?\]?|\/.*)$/i;

const unreadable = (origin: string) =>
  usage('bad_target', `${origin} holds a URL that can't be read.`, {
    detail: ['In a password, these must be percent-encoded: @ is %40, : %3A, / %2F, ? %3F, # %23, % %25, a space %20.'],
    state: 'Nothing was changed.',
    next: 'Write the password so, and run the command again; or leave it out of the URL and set PGPASSWORD.',
  });

/** The PG* variables of libpq, when at least a host, a port or a database is set; else undefined. */
export function settingsFromVariables(environment: Environment): ConnectionSettings | undefined {
  if (!environment.PGHOST && !environment.PGPORT && !environment.PGDATABASE) return undefined;
  const user = environment.PGUSER || 'postgres';
  return {
    host: environment.PGHOST || 'localhost',
    port: Number(environment.PGPORT || 5432),
    user,
    password: environment.PGPASSWORD || undefined,
    database: environment.PGDATABASE || user,
    ...tlsFrom(environment.PGSSLMODE, environment.PGSSLROOTCERT, 'PGSSLMODE', { ambientRoot: true }),
    ...patience(environment.PGCONNECT_TIMEOUT),
  };
}

export const isLocalHost = (host: string) => /^(localhost|127(\.\d+){3}|::1|\/.*)$/.test(host);

function tlsFrom(
  mode: string | null | undefined,
  rootCertificate: string | null | undefined,
  origin: string,
  root: Pick<TlsWords, 'ambientRoot'> = {},
): { tls?: TlsWords } {
  const known = readSslMode(mode, origin);
  if (!known && !rootCertificate) return {};
  return { tls: { ...(known ? { mode: known } : {}), ...(rootCertificate ? { rootCertificate, ...root } : {}) } };
}

/** libpq's connect_timeout in whole seconds; 0 and less is for ever there, and our default here. */
const patience = (seconds: string | null | undefined): { connectTimeoutMs?: number } =>
  Number(seconds) > 0 ? { connectTimeoutMs: Number(seconds) * 1000 } : {};
