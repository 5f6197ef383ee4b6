import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findNative } from '../src/snapshot/pg-dump/native.ts';
import { timeProcess } from './clock.ts';

/** What a person does without the tool: `pg_dump -s` and `psql`, or what stands in for them where they are missing. */
export interface ByHand {
  /** In words, for the table. */
  dumpTool: string;
  sqlTool: string;
  /** Each gives the milliseconds of the whole process. */
  dump: (url: string) => Promise<number>;
  runFile: (url: string, file: string, oneTransaction?: boolean) => Promise<number>;
}

export const byHand = async (built: string, major: number): Promise<ByHand> => {
  const pgDump = (await findNative()).find((program) => program.major >= major);
  const psql = hasPsql();
  return {
    dumpTool: pgDump ? `pg_dump ${pgDump.version}` : 'the bundled pg_dump (no native one for this server)',
    sqlTool: psql ?? 'the bare pg driver (no psql)',
    dump: (url) => (pgDump ? timeProcess(pgDump.path, ['-s', url]) : timeProcess(process.execPath, [join(built, 'dump.js'), url])),
    runFile: (url, file, oneTransaction = false) =>
      psql
        ? timeProcess('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...(oneTransaction ? ['-1'] : []), '-f', file, url])
        : timeProcess(process.execPath, [join(built, 'run-sql.js'), url, file]),
  };
};

const hasPsql = (): string | undefined => {
  try {
    return execFileSync('psql', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .replace(' (PostgreSQL)', '')
      .replace(/ \(.*/, '');
  } catch {
    return undefined;
  }
};
