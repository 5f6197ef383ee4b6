import { connect as connectSocket } from 'node:net';
import type { Config } from '../config/config.ts';
import { projectRef } from '../config/environments.ts';
import { nearest } from '../config/nearest.ts';
import { readSupabaseConfig } from '../config/supabase-config.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { environmentTarget, findEnvironment, recognizeEnvironment } from './environments.ts';
import { refOf } from './identity.ts';
import { maskPassword } from './mask-password.ts';
import { linkedProject, projectTarget } from './project.ts';
import { isLocalHost, settingsFromUrl, settingsFromVariables } from './url.ts';
import { readEnvFile } from './variables.ts';
import type { Target } from './target.ts';

type Environment = Record<string, string | undefined>;

/**
 * Which database: the flags, then SUPABASE_DB_URL, DATABASE_URL and PG* of the environment, then the same from
 * supabase/.env, then a local stack that answers, then the embedded server (which is started). However it was named, it is
 * known which environment of supasnap.toml it is.
 */
export async function resolveTarget(context: Context): Promise<Target> {
  const target = await findTarget(context);
  maskPassword(context, target.settings);
  const environment = target.environment ?? recognizeEnvironment(context, target);
  return environment ? { ...target, name: environment.name, environment } : target;
}

function findTarget(context: Context): Promise<Target> | Target {
  const { config, target: flags, environment } = context;
  const named = [flags.embedded && '--embedded', flags.remote !== undefined && '--remote', flags.env !== undefined && '--env'].filter(
    (flag) => typeof flag === 'string',
  );
  if (named.length > 1)
    throw usage('wrong_arguments', `${named.join(' and ')} name ${named.length === 2 ? 'two' : 'three'} targets.`, {
      state: 'Nothing was changed.',
      next: 'Give one of them.',
    });
  if (flags.embedded) return embedded(config);
  if (flags.env !== undefined) return environmentTarget(context, findEnvironment(context, flags.env));
  if (flags.remote !== undefined) return fromRemote(context, flags.remote);
  return fromVariables(environment, '') ?? fromVariables(readEnvFile(context), ' in supabase/.env') ?? localStack(config);
}

async function fromRemote(context: Context, value: string): Promise<Target> {
  if (value === 'linked') {
    const { ref, origin } = linkedProject(context);
    return projectTarget(context, ref, `${origin} (linked)`);
  }
  if (projectRef.test(value)) return projectTarget(context, value, '--remote');
  if (value.includes('://')) return fromUrl(value, '--remote');
  const near = nearest(
    value,
    context.config.settings.environments.map(({ name }) => name),
  );
  throw usage(
    'bad_target',
    value === ''
      ? '--remote was given an empty value.'
      : "--remote takes a URL, a project's ref (20 lower-case letters), or nothing for the linked project.",
    {
      detail: value === '' ? ['Perhaps a variable in it is not set. The linked project is --remote alone.'] : [],
      state: 'Nothing was changed.',
      next: near ? `Did you mean --env ${near}?` : '--remote=postgresql://user:password@host:5432/database',
    },
  );
}

function fromUrl(url: string, origin: string): Target {
  const settings = settingsFromUrl(url, origin);
  const name = isLocalHost(settings.host)
    ? `${settings.database}@${settings.host}:${settings.port}`
    : `${settings.database}@${settings.host}`;
  const ref = refOf(settings);
  return { kind: 'url', name, origin, settings, ...(ref ? { ref } : {}) };
}

function fromVariables(environment: Environment, where: string): Target | undefined {
  for (const variable of ['SUPABASE_DB_URL', 'DATABASE_URL']) {
    const url = environment[variable];
    if (url) return fromUrl(url, `${variable}${where}`);
  }
  const settings = settingsFromVariables(environment);
  if (!settings) return undefined;
  const ref = refOf(settings);
  return { kind: 'url', name: `${settings.database}@${settings.host}`, origin: `PG* variables${where}`, settings, ...(ref ? { ref } : {}) };
}

/** The local stack that answers, else the embedded server. */
async function localStack(config: Config): Promise<Target> {
  return (await runningStack(config)) ?? embedded(config);
}

/** The local Supabase stack of this project, when its database answers. */
export async function runningStack(config: Config): Promise<Target | undefined> {
  const port = readSupabaseConfig(config.folders.supabase)?.port;
  if (port === undefined || !(await answers(port))) return undefined;
  return {
    kind: 'local',
    name: 'local',
    origin: 'supabase/config.toml',
    settings: { host: '127.0.0.1', port, user: 'postgres', password: 'postgres', database: 'postgres' },
  };
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port, timeout: 300 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .on('connect', () => end(true))
      .on('error', () => end(false))
      .on('timeout', () => end(false));
  });

/** The embedded server, started when it is not running. */
export async function embedded(config: Config): Promise<Target> {
  const { startTarget } = await import('./embedded/target.ts');
  return { kind: 'embedded', name: 'embedded', origin: '--embedded', settings: await startTarget(config) };
}
