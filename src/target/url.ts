import { readFileSync } from 'node:fs';
import { parse } from 'pg-connection-string';
import { usage } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';

type Environment = Record<string, string | undefined>;

/** Reads a postgresql:// URL; no message repeats it, for it may hold a password. */
export function settingsFromUrl(url: string, origin: string): ConnectionSettings {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw usage(`${origin} does not hold a PostgreSQL URL.`, {
      state: 'Nothing was changed.',
      next: 'Use the form postgresql://user:password@host:5432/database.',
    });
  }
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(url.replace(/([?&])ssl(mode|rootcert)=[^&]*/g, '$1'));
  } catch {
    throw usage(`${origin} holds a URL that can't be read.`, {
      detail: ['Characters such as @ : / ? # % in a password must be percent-encoded (@ is %40).'],
      state: 'Nothing was changed.',
      next: 'Correct it and run the command again.',
    });
  }
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const host = parsed.host || 'localhost';
  return {
    host,
    port: Number(parsed.port || 5432),
    user: parsed.user || 'postgres',
    password: parsed.password || undefined,
    database: parsed.database || 'postgres',
    ssl: tls(query.get('sslmode') ?? undefined, query.get('sslrootcert') ?? undefined, host, origin),
  };
}

/** The PG* variables of libpq, when at least a host, a port or a database is set; else undefined. */
export function settingsFromVariables(environment: Environment): ConnectionSettings | undefined {
  if (!environment.PGHOST && !environment.PGPORT && !environment.PGDATABASE) return undefined;
  const host = environment.PGHOST || 'localhost';
  const user = environment.PGUSER || 'postgres';
  return {
    host,
    port: Number(environment.PGPORT || 5432),
    user,
    password: environment.PGPASSWORD || undefined,
    database: environment.PGDATABASE || user,
    ssl: tls(environment.PGSSLMODE, environment.PGSSLROOTCERT, host, 'PGSSLMODE'),
  };
}

export const isLocalHost = (host: string) => /^(localhost|127(\.\d+){3}|::1|\/.*)$/.test(host);

/** libpq's sslmode in the driver's terms; without one, TLS everywhere but on this machine. */
function tls(mode: string | undefined, rootCertificate: string | undefined, host: string, origin: string): ConnectionSettings['ssl'] {
  switch (mode) {
    case undefined:
    case '':
    case 'prefer':
    case 'allow':
      return isLocalHost(host) ? false : { rejectUnauthorized: false };
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
    case 'verify-full':
      return { rejectUnauthorized: true, ca: rootCertificate ? readFileSync(rootCertificate, 'utf8') : undefined };
    default:
      throw usage(`sslmode "${mode}" of ${origin} is not known.`, { state: 'Nothing was changed.', next: 'Use disable, require, verify-ca or verify-full.' });
  }
}
