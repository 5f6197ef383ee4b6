import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { usage } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { isLocalHost } from './url.ts';

type Environment = Record<string, string | undefined>;

/** What was said about encryption, in libpq's words. */
export interface TlsWords {
  mode?: SslMode | undefined;
  /** A file of PEM certificates, or `system`. */
  rootCertificate?: string | undefined;
  /** True when only the environment named that file: without a mode it then asks for nothing on this machine. */
  ambientRoot?: boolean;
}

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** The driver's terms: plain text, or TLS with these checks. */
export type Tls = boolean | { rejectUnauthorized: boolean; ca?: string; checkServerIdentity?: () => undefined };

export function readSslMode(text: string | null | undefined, origin: string): SslMode | undefined {
  if (!text) return undefined;
  const mode = sslModes.find((word) => word === text);
  if (mode) return mode;
  throw usage('bad_target', `sslmode "${text}" of ${origin} is not known.`, {
    state: 'Nothing was changed.',
    next: `Use one of ${sslModes.join(', ')}.`,
  });
}

/** Fills in what the connection's own words leave open: from --ssl-root-cert, then PGSSLMODE, PGSSLROOTCERT and libpq's own file. */
export function completeTls(words: TlsWords = {}, flag: string | undefined, environment: Environment): TlsWords {
  const mode = words.mode ?? readSslMode(environment.PGSSLMODE, 'PGSSLMODE');
  const own = flag ?? (words.ambientRoot ? undefined : words.rootCertificate);
  if (own) return { mode, rootCertificate: own };
  const ambient =
    words.rootCertificate ??
    (environment.PGSSLROOTCERT || (mode && !['disable', 'allow', 'prefer'].includes(mode) ? libpqRoot(environment) : undefined));
  return { mode, rootCertificate: ambient, ambientRoot: true };
}

/** Where libpq looks for certificates when nobody names a file. */
function libpqRoot({ HOME }: Environment): string | undefined {
  const file = HOME && join(HOME, '.postgresql', 'root.crt');
  return file && existsSync(file) ? file : undefined;
}

/**
 * The ways to connect, best first; all but the last may be given up for the next one. Away from this machine there is never a
 * way without encryption but for `disable`, which asks for it; on it, a server without TLS is fine.
 */
export function tlsWays({ host, tls = {} }: ConnectionSettings): Tls[] {
  if (host.startsWith('/')) return [false];
  const local = isLocalHost(host);
  const root = local && !tls.mode && tls.ambientRoot ? undefined : tls.rootCertificate;
  const mode = tls.mode ?? (root ? 'verify-full' : local ? 'allow' : 'prefer');
  switch (mode) {
    case 'disable':
      return [false];
    case 'verify-full':
      return [{ rejectUnauthorized: true, ca: readRoots(root ?? 'system') }];
    case 'verify-ca':
      return [authority(root)];
  }
  if (root === 'system') {
    throw usage(
      'bad_target',
      `sslrootcert=system trusts every public authority, so with sslmode=${mode} anyone could answer for ${host}.`,
      {
        state: 'Nothing was changed.',
        next: 'Use sslmode=verify-full with it.',
      },
    );
  }
  const encrypted = root ? authority(root) : { rejectUnauthorized: false };
  if (mode === 'require' || !local) return [encrypted];
  return mode === 'allow' ? [false, encrypted] : [encrypted, false];
}

/** The certificate must be of that authority; which host it names is not looked at. */
function authority(rootCertificate: string | undefined): Tls {
  if (rootCertificate && rootCertificate !== 'system')
    return { rejectUnauthorized: true, ca: readRoots(rootCertificate), checkServerIdentity: () => undefined };
  throw usage('bad_target', 'sslmode=verify-ca needs the certificate of one authority to trust.', {
    state: 'Nothing was changed.',
    next: 'Name its file with --ssl-root-cert <file>, or use sslmode=verify-full.',
  });
}

function readRoots(rootCertificate: string): string {
  if (rootCertificate === 'system') return systemRoots(process.env);
  let text: string;
  try {
    text = readFileSync(rootCertificate, 'utf8');
  } catch (error) {
    throw usage('bad_target', `The root certificate ${rootCertificate} can't be read (${(error as { code?: string }).code}).`, {
      state: 'Nothing was changed.',
      next: 'Name an existing file with --ssl-root-cert, sslrootcert or PGSSLROOTCERT.',
    });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw usage('bad_target', `${rootCertificate} holds no certificate in PEM form.`, {
    state: 'Nothing was changed.',
    next: 'Such a file begins with -----BEGIN CERTIFICATE-----.',
  });
}

/** OpenSSL's file when it is named, else those of Linux, BSD and macOS, else what comes with Node. */
function systemRoots(environment: Environment): string {
  const files = [
    environment.SSL_CERT_FILE,
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/ssl/cert.pem',
  ];
  const file = files.find((each) => each && existsSync(each));
  return file ? readFileSync(file, 'utf8') : rootCertificates.join('\n');
}
