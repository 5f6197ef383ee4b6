import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a whole process took, in milliseconds, from its start until it ended well. Throws with what it said when it failed. */
export const timeProcess = (program: string, words: string[], environment: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, words, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.resume();
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.on('error', reject).on('close', (code) => {
      if (code === 0) resolve(performance.now() - started);
      else reject(new Error(`${program} ${words.join(' ')} ended with ${code}:\n${said}`.replaceAll(/:[^:@/\s]+@/g, ':***@')));
    });
  });

/** What a process took by itself, without the servers that it spoke to. */
export interface Usage {
  cpuMs: number;
  peakBytes: number;
}

/** Runs a program of Node's, which notes at its end what it took. */
export const usageOf = async (command: () => { words: string[]; environment: Record<string, string> }): Promise<Usage> => {
  const folder = mkdtempSync(join(tmpdir(), 'supasnap-usage-'));
  const note = join(folder, 'usage.json');
  const atEnd = `import { writeFileSync } from 'node:fs'; import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('exit', () => writeFileSync(${JSON.stringify(note)}, JSON.stringify(process.resourceUsage())));`;
  try {
    const { words, environment } = command();
    const preload = `--import=data:text/javascript,${encodeURIComponent(atEnd)}`;
    await timeProcess(process.execPath, [preload, ...words], environment);
    const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(note, 'utf8')) as NodeJS.ResourceUsage;
    return { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: maxRSS * 1024 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** One measurement: several times of each side, taken in turns, so that a busy machine is busy for both. */
export interface Measured {
  name: string;
  ours: number[];
  by: string;
  hand: number[];
}

export const inTurns = async (
  name: string,
  by: string,
  runs: number,
  ours: (run: number) => Promise<number>,
  hand: (run: number) => Promise<number>,
): Promise<Measured> => {
  const measured: Measured = { name, by, ours: [], hand: [] };
  for (let run = 0; run < runs; run++) {
    measured.ours.push(await ours(run));
    measured.hand.push(await hand(run));
    process.stderr.write(`${name}: ${Math.round(measured.ours.at(-1)!)} ms; ${by}: ${Math.round(measured.hand.at(-1)!)} ms\n`);
  }
  return measured;
};

export const median = (times: number[]): number => {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
};
