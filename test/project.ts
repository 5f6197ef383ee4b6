import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ErrorCode } from '../src/error-codes.ts';

/** A user's project that lives as long as one test. Paths given to it are below its folder. */
export interface Project {
  folder: string;
  path: (name: string) => string;
  write: (name: string, text: string | Buffer) => void;
  read: (name: string) => string;
  bytes: (name: string) => Buffer;
  exists: (name: string) => boolean;
  /** Names in a folder, in order; none where there is no such folder. */
  list: (name: string) => string[];
}

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  /** The folder it is run in. */
  cwd: string;
  /** Nothing of this process's own environment reaches the command but PATH and HOME. */
  env?: Record<string, string | undefined>;
  /** What is typed; without it there is no terminal and no input. */
  input?: string;
}

/** A temporary folder (in `around`) with supabase/migrations/ and the files given, by path and text; removed afterwards. */
export async function withProject<T>(files: Record<string, string>, use: (project: Project) => Promise<T>, around = tmpdir()): Promise<T> {
  const { project, remove } = openProject(files, around);
  try {
    return await use(project);
  } finally {
    remove();
  }
}

/** The same, for tests that share one; who opens it removes it. */
export function openProject(files: Record<string, string>, around = tmpdir()): { project: Project; remove: () => void } {
  const folder = realpathSync(mkdtempSync(join(around, 'supasnap-project-')));
  chmodSync(folder, 0o755);
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string | Buffer) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  mkdirSync(path('supabase/migrations'), { recursive: true });
  for (const [name, text] of Object.entries(files)) write(name, text);
  const project: Project = {
    folder,
    path,
    write,
    read: (name) => readFileSync(path(name), 'utf8'),
    bytes: (name) => readFileSync(path(name)),
    exists: (name) => existsSync(path(name)),
    list: (name) => (existsSync(path(name)) ? readdirSync(path(name)).sort() : []),
  };
  return { project, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The error that a command printed which was run with --output-format json. */
export function errorOf({ exitCode, stdout }: CliResult): { code: ErrorCode; message: string; detail: string[]; next?: string } {
  const { error } = JSON.parse(stdout);
  if (error.exitCode !== exitCode) throw new Error(`Exit code ${exitCode}, and ${error.exitCode} in the output.`);
  return error;
}

/** Runs a program of scripts/, such as `db-status`, as a user would. It never throws: look at the exit code. */
export async function runCli(name: string, words: string[], { cwd, env = {}, input }: CliOptions): Promise<CliResult> {
  const script = fileURLToPath(new URL(`../scripts/${name}`, import.meta.url));
  const { exitCode, stdout, stderr } = await execa(process.execPath, [script, ...words], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}
