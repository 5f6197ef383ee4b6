import type { ConnectionSettings } from './connection.ts';

/** The database that a command acts on. `name` is what a person types to confirm. */
export interface Target {
  kind: 'embedded' | 'local' | 'url';
  name: string;
  /** Which flag, variable or file named it. */
  origin: string;
  settings: ConnectionSettings;
}

const isDefault = (target: Target) => target.kind !== 'url';

/** One line without a password: what it is, where it is, and as whom we act. */
export function describeTarget(target: Target, server?: { version: string }): string {
  const { host, port, database, user } = target.settings;
  const what = { embedded: 'embedded PostgreSQL', local: 'local Supabase stack', url: `database from ${target.origin}` }[target.kind];
  const version = server ? `, PostgreSQL ${server.version}` : '';
  const where = isDefault(target) ? '' : ` "${target.name}"`;
  return `Target: ${what}${where} (${database} at ${host}:${port} as ${user}${version})`;
}
