import { exitCodes, Problem } from '../errors.ts';
import type { Target } from './target.ts';
import { isLocalHost } from './url.ts';

/** What was to be reached, and who named it. */
type Address = Pick<Target, 'settings' | 'origin' | 'passwordFrom'>;

/** What the driver throws; `errors` when a name has several addresses and each gave its own. */
export type ConnectionError = Error & { code?: string; errors?: Error[] };

interface Explanation {
  /** Where it is none of these: connection_failed. */
  code?: 'login_failed' | 'tls_failed' | 'server_busy';
  message: string;
  next: string;
  /** Whether the same attempt may go well a moment later. */
  passing?: boolean;
  /** Whether it is we who refuse. */
  guard?: boolean;
}

/** Names what went wrong between us and the server; never repeats a password. */
export function connectionProblem(error: ConnectionError, target: Address): Problem {
  const { code = 'connection_failed', message, next, guard } = explain(error, target);
  const said = error.message || (error.errors ?? []).map((each) => each.message).join('; ');
  const details = {
    detail: [`${said}${error.code && !said.includes(error.code) ? ` (${error.code})` : ''}`],
    state: 'Nothing was changed.',
    next,
    cause: error,
  };
  return new Problem(guard ? exitCodes.refused : exitCodes.failed, code, message, details);
}

/** What is the matter, when waiting a moment may help; undefined when it can't. */
export function passingTrouble(error: ConnectionError, target: Address): string | undefined {
  const { message, passing } = explain(error, target);
  return passing ? message : undefined;
}

/** The server speaks no TLS. */
export const lacksTls = ({ message }: Error) => message === 'The server does not support SSL connections';

/** The server lets nobody in without TLS. */
export const encryptionIsAskedFor = ({ message }: Error) => /pg_hba\.conf (entry|rejects) .*no encryption|^SSL required/.test(message);

/** The connection broke while it was in use: the socket, or the server ending the session. */
export const isLostConnection = ({ code, message, errors }: ConnectionError) =>
  errors === undefined &&
  (/^(57P0[1-5]|08\w{3}|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code ?? '') ||
    /^Connection terminated|^Client has encountered a connection error/.test(message));

function explain(error: ConnectionError, target: Address): Explanation {
  return (
    ofPooler(error, target) ??
    ofServer(error, target) ??
    ofTls(error, target) ??
    ofNetwork(error, target) ?? { message: `The target can't be reached.`, next: `Check ${target.origin}.` }
  );
}

const whereOf = ({ settings: { host, port } }: Address) => (host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`);

/** What PgBouncer and Supavisor say themselves; most of it carries no code of its own. */
function ofPooler({ message, code }: ConnectionError, target: Address): Explanation | undefined {
  const { user, database } = target.settings;
  const where = whereOf(target);
  if (/^unsupported startup parameter/.test(message))
    return {
      message: `The pooler at ${where} takes no settings at start-up.`,
      next: 'Unset PGOPTIONS, or add what it sets to ignore_startup_parameters of the pooler.',
    };
  if (/^no such database|^database ".*" is disabled/.test(message))
    return {
      message: `The pooler at ${where} knows no database "${database}".`,
      next: `Check the database name in ${target.origin} and the [databases] of the pooler.`,
    };
  if (/^(pgbouncer )?cannot connect to server|server login (has been failing|failed)|server_login_retry/.test(message))
    return {
      message: `The pooler at ${where} can't reach the database behind it.`,
      next: "Check that the database runs and that the pooler's own login there works; its log says why.",
      passing: true,
    };
  if (/^query_wait_timeout/.test(message))
    return {
      code: 'server_busy',
      message: `The pooler at ${where} got no connection to the database behind it in time.`,
      next: 'Check that the database runs; else end idle clients, or raise the size of the pool.',
    };
  if (/^password authentication failed/.test(message) && code === '08P01')
    return {
      code: 'login_failed',
      message: `The database behind the pooler at ${where} refused user ${user}.`,
      next: `The pooler knows another password than the database: put its list of users right.`,
    };
  if (/no more connections allowed|max client connections reached|MaxClientsInSessionMode/i.test(message))
    return {
      code: 'server_busy',
      message: `The pooler at ${where} has no free connection left.`,
      next: 'Wait, end idle clients, or raise the size of its pool; then run the command again.',
      passing: true,
    };
  if (/Tenant or user not found|tenant\/user .* not found/i.test(message))
    return {
      code: 'login_failed',
      message: `The pooler at ${where} knows no project of user "${user}".`,
      next: `Write the user as postgres.<project-ref> in ${target.origin}, and take host and region as the dashboard shows them; a paused project is not known either.`,
    };
  if (/^(SASL authentication failed|auth failed|no such user)/.test(message) && code !== '28P01') return refusedLogin(target);
  return undefined;
}

const refusedLogin = ({ settings: { user }, origin, passwordFrom }: Address): Explanation => ({
  code: 'login_failed',
  message: `The server refused user ${user}.`,
  next: `Check user and password in ${passwordFrom ?? origin}.`,
});

/** By SQLSTATE; a pooler that hands on what the server told it has put its own in place of that. */
function stateOf({ code, message }: ConnectionError): string | undefined {
  if (code !== '08P01') return code;
  if (/^too many connections|^sorry, too many clients|^remaining connection slots/.test(message)) return '53300';
  if (/^database ".*" does not exist/.test(message)) return '3D000';
  return /^the database system is/.test(message) ? '57P03' : code;
}

function ofServer(error: ConnectionError, target: Address): Explanation | undefined {
  const { user, database } = target.settings;
  const where = whereOf(target);
  switch (stateOf(error)) {
    case '28P01':
      return refusedLogin(target);
    case '28000':
      if (/pg_hba\.conf (entry|rejects)/.test(error.message)) {
        const plain = /no encryption/.test(error.message);
        return {
          code: 'login_failed',
          message: `The server lets user ${user} in neither from here nor ${plain ? 'without encryption' : 'by this way'}.`,
          next: plain
            ? 'Take sslmode=disable away, or have a line for this address added to pg_hba.conf.'
            : 'Have a line for this address added to pg_hba.conf.',
        };
      }
      return refusedLogin(target);
    case '3D000':
      return { message: `There is no database "${database}" at ${where}.`, next: `Check the database name in ${target.origin}.` };
    case '53300':
      return {
        code: 'server_busy',
        message: 'The server has no free connection left.',
        next: 'Wait, or end idle sessions, then run the command again.',
        passing: true,
      };
    case '57P01':
    case '57P02':
      return {
        message: `The server at ${where} is ending its sessions.`,
        next: 'Wait until it is up again, then run the command again.',
        passing: true,
      };
    case '57P03':
      return notYet(error.message, where);
  }
  if (/client password must be a/.test(error.message))
    return {
      code: 'login_failed',
      message: `The server asks for the password of ${user}, and none was given.`,
      next: `Add it to ${target.origin}, or set PGPASSWORD.`,
    };
  return undefined;
}

function notYet(message: string, where: string): Explanation {
  if (/shutting down/.test(message))
    return { message: `The server at ${where} is shutting down.`, next: 'Start it again, then run the command again.', passing: true };
  if (/in recovery mode/.test(message))
    return {
      message: `The server at ${where} is recovering from a crash.`,
      next: 'Wait until it is done, then run the command again; its log says what happened.',
      passing: true,
    };
  if (/starting up|not yet accepting/.test(message))
    return { message: `The server at ${where} is starting up.`, next: 'Wait a moment, then run the command again.', passing: true };
  return { message: `The server at ${where} is a standby that takes no connections.`, next: "Use the primary's address." };
}

function ofTls(error: ConnectionError, target: Address): Explanation | undefined {
  const { host } = target.settings;
  const where = whereOf(target);
  if (lacksTls(error))
    return {
      code: 'tls_failed',
      message: `${where} offers no encryption${isLocalHost(host) ? ', and it was asked for' : `, and ${host} is not this machine`}.`,
      next: isLocalHost(host)
        ? `On this machine none is needed: add sslmode=disable to ${target.origin}. Or turn TLS on there.`
        : `Turn TLS on there. Only where the network itself is safe: add sslmode=disable to ${target.origin}.`,
      guard: true,
    };
  switch (error.code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        code: 'tls_failed',
        message: `The certificate of ${where} is not from an authority that is trusted here.`,
        next: "Name the file of its authority with --ssl-root-cert <file>; the hosted platform's can be downloaded from the database settings of its dashboard.",
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        code: 'tls_failed',
        message: `The certificate of ${where} is for another host than ${host}.`,
        next: 'Use the name that the certificate holds, or sslmode=verify-ca when that is known to be right.',
      };
    case 'CERT_HAS_EXPIRED':
      return {
        code: 'tls_failed',
        message: `The certificate of ${where} has expired.`,
        next: 'Have it renewed on the server; check the clock of this machine.',
      };
    case 'CERT_NOT_YET_VALID':
      return {
        code: 'tls_failed',
        message: `The certificate of ${where} is not valid yet.`,
        next: 'Check the clock of this machine and of the server.',
      };
  }
  if (/error establishing an SSL connection/.test(error.message))
    return { message: `${where} does not answer as a PostgreSQL server does.`, next: `Check host and port in ${target.origin}.` };
  if (/^(CERT_|ERR_SSL_|ERR_TLS_|EPROTO)/.test(error.code ?? ''))
    return {
      code: 'tls_failed',
      message: `No encrypted connection to ${where} came about.`,
      next: "Check the server's certificate and TLS settings.",
    };
  return undefined;
}

function ofNetwork({ code, message }: ConnectionError, target: Address): Explanation | undefined {
  const { host } = target.settings;
  const where = whereOf(target);
  // The direct host of the platform's projects has an IPv6 address alone.
  const pooler = /^db\.[a-z]{20}\.supabase\.co$/.test(host)
    ? ' Without IPv6 use the session pooler (aws-0-<region>.pooler.supabase.com:5432, user postgres.<project-ref>).'
    : '';
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return {
        message: `Nothing answers at ${where}.`,
        next: 'Check host and port, and that the database is running.',
        passing: code === 'ECONNREFUSED',
      };
    case 'ENOTFOUND':
      return { message: `The host ${host} is not known.`, next: `Check the host name and this machine's network.${pooler}` };
    case 'EAI_AGAIN':
      return { message: `The host ${host} is not known.`, next: `Check the host name and this machine's network.${pooler}`, passing: true };
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return { message: `There is no way to ${host} from this machine.`, next: `Check this machine's network.${pooler}` };
    case 'ECONNRESET':
    case 'EPIPE':
      return {
        message: `${where} closed the connection.`,
        next: 'Check that it is a PostgreSQL server and that this address may connect.',
        passing: true,
      };
    case 'ETIMEDOUT':
      return { message: `${where} does not answer.`, next: `Check the network and firewall.${pooler}` };
  }
  if (/^Connection terminated/.test(message))
    return {
      message: `${where} closed the connection.`,
      next: 'Check that it is a PostgreSQL server and that this address may connect.',
      passing: true,
    };
  if (/timeout expired|^Query read timeout/.test(message))
    return {
      message: `${where} does not answer.`,
      next: `Check the network and firewall and, where that is a pooler, whether the database behind it runs.${pooler}`,
    };
  return undefined;
}
