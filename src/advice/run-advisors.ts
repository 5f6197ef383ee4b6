import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import type { ConnectionSettings } from '../target/connection.ts';
import { interrupted } from '../target/interrupt.ts';
import { isLocalHost } from '../target/url.ts';
import type { SupabaseCli } from './find-cli.ts';
import { readFindings, type Finding } from './finding.ts';

export interface AdvisorsOptions {
  cli: SupabaseCli;
  database: ConnectionSettings;
  /** A folder with supabase/config.toml; the CLI leaves its own notes there. */
  folder: string;
  environment: Record<string, string | undefined>;
  timeoutMs: number;
}

/** What the platform's advisors find in a database, or why they could not be asked. Never rejects. */
export async function runAdvisors({
  cli,
  database,
  folder,
  environment,
  timeoutMs,
}: AdvisorsOptions): Promise<Finding[] | { failure: string }> {
  if (database.host.startsWith('/')) return { failure: 'it does not reach a server over a socket file' };
  const host = database.host.includes(':') ? `[${database.host}]` : database.host;
  const url = `postgresql://${encodeURIComponent(database.user)}@${host}:${database.port}/${encodeURIComponent(database.database)}`;
  const words = [
    'db',
    'advisors',
    `--remote=${url}`,
    '--type',
    'all',
    '--level',
    'info',
    '--fail-on',
    'none',
    '--output-format',
    'json',
    '--workdir',
    folder,
  ];
  const { stdout, stderr, code } = await runToEnd(
    cli.path,
    words,
    { ...surroundings(environment, folder), ...credentials(database) },
    timeoutMs,
  );
  const findings = readFindings(stdout);
  if (findings) return findings;
  if (code === 'timeout') return { failure: `it did not answer within ${timeoutMs / 1000} s` };
  return { failure: firstLine(errorOf(stdout) ?? stderr) || `it ended with ${code}` };
}

/** Nothing of the user's that could lead the CLI elsewhere, and no report of these runs to anybody. */
const surroundings = ({ PATH, HOME, SystemRoot, TEMP, USERPROFILE }: Record<string, string | undefined>, folder: string) => ({
  PATH: [PATH, dirname(process.execPath)].filter(Boolean).join(delimiter),
  HOME,
  SystemRoot,
  TEMP,
  USERPROFILE,
  SUPABASE_HOME: join(folder, 'home'),
  DO_NOT_TRACK: '1',
});

/** In the environment, where the list of processes does not show them. */
const credentials = ({ password, host, ssl, tls }: ConnectionSettings) => ({
  PGPASSWORD: password,
  PGSSLMODE: ssl === false ? 'disable' : (tls?.mode ?? (isLocalHost(host) ? 'prefer' : 'require')),
  ...(tls?.rootCertificate && tls.rootCertificate !== 'system' ? { PGSSLROOTCERT: tls.rootCertificate } : {}),
});

interface Ended {
  stdout: string;
  stderr: string;
  code: number | string;
}

/** The program is a process group of its own, so that all it started ends with it. */
function runToEnd(program: string, words: string[], env: NodeJS.ProcessEnv, timeoutMs: number): Promise<Ended> {
  const windows = process.platform === 'win32';
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: !windows, shell: windows, windowsHide: true });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const end = (code: number | string) => {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', stop);
      resolve({ ...said, code });
    };
    const kill = (reason: string) => {
      try {
        if (child.pid) process.kill(windows ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
      end(reason);
    };
    const stop = () => kill('an interruption');
    const timer = setTimeout(() => kill('timeout'), timeoutMs);
    interrupted.addEventListener('abort', stop);
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(code ?? signal ?? 'no code'));
  });
}

/** With --output-format json the CLI says what went wrong as JSON too. */
function errorOf(stdout: string): string | undefined {
  try {
    return (JSON.parse(stdout) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}

const firstLine = (text: string) =>
  text
    .trim()
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 300) ?? '';
