import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { timeProcess } from './clock.ts';

/** A project folder on one database, and the real commands run in it. */
export interface BenchProject {
  /** Writes migration number `n`, in order; gives its file name. */
  write: (n: number, sql: string) => string;
  /** Runs a program of scripts/, such as "db-migrate"; gives milliseconds. */
  run: (program: string, ...words: string[]) => Promise<number>;
  /** The words and the environment with which Node runs a program. */
  command: (program: string, ...words: string[]) => { words: string[]; environment: Record<string, string> };
  /** Runs a program and gives its JSON. */
  ask: <T>(program: string, ...words: string[]) => Promise<T>;
  /** Throws the shadow away, so that the next command makes it anew. */
  forgetShadow: () => void;
}

export const createProject = (root: string, folder: string, url: string): BenchProject => {
  const migrations = join(folder, 'supabase', 'migrations');
  mkdirSync(migrations, { recursive: true });
  const command: BenchProject['command'] = (program, ...words) => ({
    words: [join(root, 'scripts', program), '--workdir', folder, '--remote', url, '--yes', ...words],
    environment: { NO_COLOR: '1' },
  });
  return {
    write: (n, sql) => {
      const name = `${timestamp(n)}_v0_${n}_0_change.sql`;
      writeFileSync(join(migrations, name), sql);
      return join(migrations, name);
    },
    command,
    run: (program, ...words) => {
      const { words: all, environment } = command(program, ...words);
      return timeProcess(process.execPath, all, environment);
    },
    ask: async <T>(program: string, ...words: string[]) => {
      const { stdout } = await execa(
        process.execPath,
        [join(root, 'scripts', program), '--workdir', folder, '--remote', url, '--yes', '--output-format', 'json', ...words],
        { env: { NO_COLOR: '1' } },
      );
      return JSON.parse(stdout) as T;
    },
    forgetShadow: () => rmSync(join(folder, '.supasnap'), { recursive: true, force: true }),
  };
};

/** One a minute from the first of January 2026. */
const timestamp = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString().replace(/\D/g, '').slice(0, 14);
