import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed, Problem } from '../errors.ts';
import { connect } from './connection.ts';
import { resolveTarget } from './resolve.ts';
import { describeTarget, type Target } from './target.ts';

/** An open connection to the target, and what its server says of itself. */
export interface TargetSession {
  target: Target;
  client: pg.Client;
  server: { version: string; versionNum: number; major: number };
}

/** Connects to the target, prints the `Target:` line, hands the session over, and always closes it. */
export async function withTarget<T>(context: Context, use: (session: TargetSession) => Promise<T>): Promise<T> {
  const target = await resolveTarget(context.config, context.target, context.environment);
  if (target.settings.password) context.secret(target.settings.password);
  let client: pg.Client;
  try {
    client = await connect(target.settings);
  } catch (error) {
    context.report.target(describeTarget(target));
    throw connectionProblem(error as Error & { code?: string }, target);
  }
  try {
    const { rows } = await client.query<{ version: string; number: number }>(
      "select split_part(current_setting('server_version'), ' ', 1) as version, current_setting('server_version_num')::int as number",
    );
    const { version, number } = rows[0]!;
    const major = Math.floor(number / 10_000);
    context.report.target(describeTarget(target, { version }));
    if (major < 15) {
      throw failed(`PostgreSQL ${version} is too old: 15 to 18 are supported.`, { state: 'Nothing was changed.', next: 'Upgrade the database first.' });
    }
    return await use({ target, client, server: { version, versionNum: number, major } });
  } finally {
    await client.end().catch(() => {});
  }
}

/** Names what went wrong between us and the server; never repeats a password. */
export function connectionProblem(error: Error & { code?: string }, target: Target): Problem {
  const where = `${target.settings.host}:${target.settings.port}`;
  const [message, next] = explain(error, target, where);
  return failed(message, { detail: [`${error.message}${error.code ? ` (${error.code})` : ''}`], state: 'Nothing was changed.', next, cause: error });
}

function explain(error: { code?: string; message: string }, target: Target, where: string): [message: string, next: string] {
  switch (error.code) {
    case 'ECONNREFUSED':
      return [`Nothing answers at ${where}.`, 'Check host and port, and that the database is running.'];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`The host ${target.settings.host} is not known.`, 'Check the host name and this machine\'s network.'];
    case 'ECONNRESET':
    case 'EPIPE':
      return [`${where} closed the connection.`, 'Check that it is a PostgreSQL server and that this address may connect.'];
    case 'ETIMEDOUT':
      return [`${where} does not answer.`, 'Check the network and firewall.'];
    case '28P01':
    case '28000':
      return [`The server refused user ${target.settings.user}.`, `Check user and password in ${target.origin}.`];
    case '3D000':
      return [`There is no database "${target.settings.database}" at ${where}.`, `Check the database name in ${target.origin}.`];
    case '53300':
      return ['The server has no free connection left.', 'Wait, or end idle sessions, then run the command again.'];
    case '57P03':
      return ['The server is starting up, shutting down or recovering.', 'Wait a moment, then run the command again.'];
    default:
      return /timeout/i.test(error.message)
        ? [`${where} does not answer.`, 'Check the network and firewall.']
        : [`The target can't be reached.`, `Check ${target.origin}.`];
  }
}
