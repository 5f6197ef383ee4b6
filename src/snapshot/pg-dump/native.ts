import { access, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { execa } from 'execa';
import { type ConnectionSettings, defaultConnectTimeoutMs } from '../../target/connection.ts';
import { tlsWays } from '../../target/tls.ts';
import type { DumpRun } from './run.ts';

export interface NativePgDump {
  path: string;
  major: number;
  /** e.g. "17.2" */
  version: string;
}

let found: Promise<NativePgDump[]> | undefined;

/** Every pg_dump on PATH and in the usual places, newest first. Looked for once in the life of the process. */
export const findNative = (): Promise<NativePgDump[]> => {
  found ??= lookFor(process.env.PATH ?? '');
  return found;
};

/** Runs an installed pg_dump. The password goes by the environment, never by the command line. */
export const runNative = async (
  program: NativePgDump,
  settings: ConnectionSettings,
  args: string[],
  signal?: AbortSignal,
): Promise<DumpRun> => {
  const folder = await mkdtemp(join(tmpdir(), 'supasnap-dump-'));
  try {
    const file = join(folder, 'schema.sql');
    const { exitCode, stderr, isCanceled, message } = await execa(program.path, [...args, '--no-password', `--file=${file}`], {
      env: { ...ownEnvironment(), ...(await connectionEnvironment(settings, folder)) },
      extendEnv: false,
      reject: false,
      cancelSignal: signal,
    });
    if (isCanceled) throw signal?.reason;
    if (exitCode === 0) return { sql: await readFile(file, 'utf8'), stderr, errors: [] };
    return { stderr: stderr || (message ?? ''), errors: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const lookFor = async (path: string): Promise<NativePgDump[]> => {
  const folders = [...(await usualFolders()), ...path.split(delimiter).filter(Boolean)];
  const name = process.platform === 'win32' ? 'pg_dump.exe' : 'pg_dump';
  const programs = await Promise.all(folders.map((folder) => resolveProgram(join(folder, name))));
  const distinct = [...new Set(programs.filter((program) => program !== undefined))];
  const versions = await Promise.all(distinct.map(askVersion));
  return versions.filter((program) => program !== undefined).sort((a, b) => b.major - a.major);
};

const usualFolders = async (): Promise<string[]> => {
  const parents: [string, string][] = [
    ['/usr/lib/postgresql', 'bin'],
    ['/usr/local/opt', 'bin'],
    ['/opt/homebrew/opt', 'bin'],
    ['/home/linuxbrew/.linuxbrew/opt', 'bin'],
    ['/Applications/Postgres.app/Contents/Versions', 'bin'],
    ['C:\\Program Files\\PostgreSQL', 'bin'],
    ['/usr', 'bin'],
  ];
  const lists = await Promise.all(
    parents.map(async ([parent, bin]) => {
      const names = await readdir(parent).catch(() => []);
      return names.filter((name) => /^(\d|latest|libpq|postgresql|pgsql-)/.test(name)).map((name) => join(parent, name, bin));
    }),
  );
  return lists.flat();
};

const resolveProgram = async (path: string): Promise<string | undefined> => {
  try {
    await access(path);
    const real = await realpath(path);
    // Debian's wrapper chooses a version by itself; the programs behind it are listed anyway.
    return basename(real) === 'pg_wrapper' ? undefined : real;
  } catch {
    return undefined;
  }
};

const askVersion = async (path: string): Promise<NativePgDump | undefined> => {
  const { stdout } = await execa(path, ['--version'], { reject: false, timeout: 10_000, env: { LC_ALL: 'C' } });
  const match = /\(PostgreSQL\) ((\d+)[^\s]*)/.exec(stdout ?? '');
  return match ? { path, major: Number(match[2]), version: match[1] as string } : undefined;
};

/** The process's environment without its PG* words: the target was already decided. */
const ownEnvironment = () => {
  const kept = ['PGPASSFILE', 'PGSSLCERT', 'PGSSLKEY'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG') || kept.includes(name)));
};

const connectionEnvironment = async (settings: ConnectionSettings, folder: string): Promise<Record<string, string>> => {
  // The driver falls back to the same variable when no password was given.
  const password = settings.password ?? process.env.PGPASSWORD;
  return {
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGDATABASE: settings.database,
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    PGAPPNAME: 'supasnap pg_dump',
    PGCONNECT_TIMEOUT: String(Math.ceil((settings.connectTimeoutMs ?? defaultConnectTimeoutMs) / 1000)),
    LC_ALL: 'C',
    ...(await encryption(settings, folder)),
  };
};

/** In libpq's words what the driver was told. What is not decided yet is tried as it would be: plain text first, then with TLS. */
const encryption = async (settings: ConnectionSettings, folder: string): Promise<Record<string, string>> => {
  const ways = settings.ssl === undefined ? tlsWays(settings) : [settings.ssl];
  const ssl = ways.find((way) => way !== false);
  if (!ssl) return { PGSSLMODE: 'disable' };
  const roots = join(folder, 'roots.pem');
  const mode = ways.length === 1 ? undefined : ways[0] === false ? 'allow' : 'prefer';
  // A root file that is not there: with one, libpq would check the certificate even for "require".
  if (ssl !== true && !ssl.rejectUnauthorized) return { PGSSLMODE: mode ?? 'require', PGSSLROOTCERT: roots };
  const trusted = ssl === true ? undefined : ssl.ca;
  await writeFile(roots, trusted ?? rootCertificates.join('\n'), { mode: 0o600 });
  return { PGSSLMODE: mode ?? (ssl !== true && ssl.checkServerIdentity ? 'verify-ca' : 'verify-full'), PGSSLROOTCERT: roots };
};
