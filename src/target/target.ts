import type { EnvironmentSettings } from '../config/environments.ts';
import type { ConnectionSettings } from './connection.ts';

/** The database that a command acts on. `name` is what a person types to confirm. */
export interface Target {
  kind: 'embedded' | 'local' | 'url' | 'project';
  name: string;
  /** Which flag, variable or file named it. */
  origin: string;
  settings: ConnectionSettings;
  /** The project's ref on the hosted platform, where it is one. */
  ref?: string;
  /** Which environment of supasnap.toml it is, however it was named. */
  environment?: EnvironmentSettings;
  /** Which variable gave the password, when it came by itself. */
  passwordFrom?: string;
}

/** One line without a password: what it is, where it is, and as whom we act. */
export function describeTarget(target: Target, server?: { version: string }): string {
  const { host, port, database, user } = target.settings;
  const version = server ? `, PostgreSQL ${server.version}` : '';
  return `Target: ${whatItIs(target)} (${database} at ${host}:${port} as ${user}${version})`;
}

function whatItIs({ kind, name, origin, ref, environment }: Target): string {
  const what = {
    embedded: 'embedded PostgreSQL',
    local: 'local Supabase stack',
    url: `database from ${origin}${environment ? '' : ` "${name}"`}${ref ? `, project ${ref}` : ''}`,
    project: `project ${ref} from ${origin}`,
  }[kind];
  return environment ? `environment "${environment.name}"${environment.protected ? ', PROTECTED' : ''}, ${what}` : what;
}

/** What history and MIGRATIONS.md call the target; `called` is the setting `environment`. */
export const environmentName = (target: Target, called: string | undefined): string => target.environment?.name ?? called ?? target.name;
