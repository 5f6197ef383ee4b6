import { existsSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import type { Config } from '../config/config.ts';
import { usage } from '../errors.ts';
import { isLocalHost, settingsFromUrl, settingsFromVariables } from './url.ts';
import type { Target } from './target.ts';

export interface TargetFlags {
  /** --remote=<url>, or its alias --db-url. */
  remote?: string;
  embedded?: boolean;
}

type Environment = Record<string, string | undefined>;

/**
 * Which database: the flags, then SUPABASE_DB_URL, DATABASE_URL and PG* of the environment, then the same from
 * supabase/.env, then a local stack that answers, then the embedded server (which is started).
 */
export async function resolveTarget(config: Config, flags: TargetFlags, environment: Environment): Promise<Target> {
  if (flags.embedded && flags.remote) {
    throw usage('--embedded and --remote name two targets.', { state: 'Nothing was changed.', next: 'Give one of them.' });
  }
  if (flags.embedded) return embedded(config);
  if (flags.remote) return fromUrl(flags.remote, '--remote');
  return fromVariables(environment, '') ?? fromVariables(readEnvFile(config), ' in supabase/.env') ?? (await localStack(config)) ?? embedded(config);
}

function fromUrl(url: string, origin: string): Target {
  const settings = settingsFromUrl(url, origin);
  const name = isLocalHost(settings.host) ? `${settings.database}@${settings.host}:${settings.port}` : `${settings.database}@${settings.host}`;
  return { kind: 'url', name, origin, settings };
}

function fromVariables(environment: Environment, where: string): Target | undefined {
  for (const variable of ['SUPABASE_DB_URL', 'DATABASE_URL']) {
    const url = environment[variable];
    if (url) return fromUrl(url, `${variable}${where}`);
  }
  const settings = settingsFromVariables(environment);
  return settings && { kind: 'url', name: `${settings.database}@${settings.host}`, origin: `PG* variables${where}`, settings };
}

function readEnvFile(config: Config): Environment {
  const file = join(config.folders.supabase, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

async function localStack(config: Config): Promise<Target | undefined> {
  const port = localPort(config);
  if (port === undefined || !(await answers(port))) return undefined;
  return {
    kind: 'local',
    name: 'local',
    origin: 'supabase/config.toml',
    settings: { host: '127.0.0.1', port, user: 'postgres', password: 'postgres', database: 'postgres' },
  };
}

function localPort(config: Config): number | undefined {
  const file = join(config.folders.supabase, 'config.toml');
  if (!existsSync(file)) return undefined;
  try {
    const { db } = parseToml(readFileSync(file, 'utf8')) as { db?: { port?: unknown } };
    return typeof db?.port === 'number' ? db.port : 54322;
  } catch {
    throw usage('supabase/config.toml is not valid TOML.', { state: 'Nothing was changed.', next: 'Run "supabase migration list" to see what the CLI says of it.' });
  }
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port, timeout: 300 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true)).on('error', () => end(false)).on('timeout', () => end(false));
  });

async function embedded(config: Config): Promise<Target> {
  const { startTarget } = await import('./embedded/target.ts');
  return { kind: 'embedded', name: 'embedded', origin: '--embedded', settings: await startTarget(config) };
}
