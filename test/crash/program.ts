import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The real program while it runs. */
export interface Program {
  /** Settled when that was said on standard error, or when the program has ended. */
  said: (pattern: RegExp) => Promise<void>;
  /** SIGKILL. Settled when the process is gone. */
  kill: () => Promise<void>;
  /** Sends a signal that the program may heed. */
  signal: (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void;
  ended: Promise<Ended>;
}

export interface Ended {
  /** Undefined when it was killed. */
  exitCode: number | undefined;
  output: string;
}

const script = fileURLToPath(new URL('../../scripts/supasnap', import.meta.url));

/** Starts `supasnap <words>` in a project. A program that does not end within the limit (two minutes) is killed, which its end tells. */
export function startProgram(words: string[], options: { folder: string; url: string; limitMs?: number }): Program {
  const limitMs = options.limitMs ?? 120_000;
  const child = execa(process.execPath, [script, ...words], {
    cwd: options.folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: options.url },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let told = '';
  const listeners = new Set<() => void>();
  child.stderr.on('data', (bytes: Buffer) => {
    told += String(bytes);
    for (const listener of listeners) listener();
  });
  const ended = child.then(({ exitCode, all, timedOut }) => ({
    exitCode,
    output: timedOut ? `${all}\nIt did not end within ${limitMs / 1000} s.` : all,
  }));
  return {
    ended,
    said: (pattern) =>
      new Promise((resolve) => {
        const look = () => void (pattern.test(told) && resolve());
        listeners.add(look);
        look();
        ended.then(() => resolve());
      }),
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs it to its end and throws with all it said when the exit code is another. */
export async function runProgram(words: string[], options: { folder: string; url: string; limitMs?: number }, code = 0): Promise<string> {
  const { exitCode, output } = await startProgram(words, options).ended;
  if (exitCode !== code || hasStackTrace(output))
    throw new Error(`supasnap ${words.join(' ')} ended with ${exitCode} instead of ${code}:\n${output}`);
  return output;
}

export const hasStackTrace = (output: string): boolean => /^\s+at .+:\d+:\d+\)?$/m.test(output);
