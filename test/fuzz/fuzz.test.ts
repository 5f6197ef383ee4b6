import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { renderProblem } from '../../src/render-problem.ts';
import { hasStackTrace } from '../crash/program.ts';
import { type Project, withProject } from '../project.ts';
import { drawFrom } from '../random.ts';
import { mutate } from './mutate.ts';
import { type Subject, subjects } from './subjects.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** SUPASNAP_FUZZ=all (npm run test:fuzz) tries 10,000 inputs; SUPASNAP_FUZZ_SEED=<n> tries that one again (or several: 3,14). */
const chosen = process.env.SUPASNAP_FUZZ_SEED?.split(',').map(Number);
const all = process.env.SUPASNAP_FUZZ === 'all';
const seeds = chosen ?? Array.from({ length: all ? 10_000 : 800 }, (_, index) => index + 1);
const subjectOf = (seed: number) => subjects[seed % subjects.length]!;

/** A whole input may take this much of the processor, in milliseconds: a busy machine makes it wait, not work. What lasts ten times as long is ended. */
const limitMs = 2000;

let watchdog: Watchdog;
let tried = 0;
let slowest = { seed: 0, ms: 0 };
beforeAll(() => {
  watchdog = startWatchdog(limitMs * 10);
});
afterAll(async () => {
  await watchdog.end();
  console.log(`${tried} inputs tried; the slowest, seed ${slowest.seed}, took ${Math.round(slowest.ms)} ms`);
});

for (const subject of subjects) {
  const its = seeds.filter((seed) => subjectOf(seed) === subject);
  test.runIf(its.length > 0)(
    `${subject.name}: every input is read or refused with a Problem, soon, and nothing is written outside the project`,
    { timeout: 600_000 },
    async () => {
      const faults: string[] = [];
      let refused = 0;
      for (const seed of its) {
        const input = inputOf(seed, subject);
        watchdog.at(seed);
        const began = process.cpuUsage();
        const outcome = await tryInput(subject, input);
        const { user, system } = process.cpuUsage(began);
        const ms = (user + system) / 1000;
        watchdog.at(0);
        tried++;
        if (ms > slowest.ms) slowest = { seed, ms };
        if (outcome === 'refused') refused++;
        const fault = outcome === 'read' || outcome === 'refused' ? (ms > limitMs ? `It took ${Math.round(ms)} ms.` : undefined) : outcome;
        if (fault)
          faults.push(
            `seed ${seed}: ${fault}\n  input: ${JSON.stringify(input.slice(0, 300))}${input.length > 300 ? ` … ${input.length} characters` : ''}`,
          );
      }
      console.log(`${subject.name}: ${its.length - refused - faults.length} read, ${refused} refused, ${faults.length} faults`);
      expect(faults.slice(0, 20).join('\n'), `${faults.length} faults; again: SUPASNAP_FUZZ_SEED=<seed> npm run test:fuzz`).toBe('');
      if (!chosen) expect(refused).toBeGreaterThan(0);
      if (!chosen) expect(refused).toBeLessThan(its.length);
    },
  );
}

function inputOf(seed: number, { examples }: Subject): string {
  const draw = drawFrom(seed);
  return mutate(draw, draw.one(examples), examples);
}

/** The project stands alone in a folder of its own, so that whatever is written beside it shows. */
async function tryInput(subject: Subject, input: string): Promise<string> {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'supasnap-fuzz-')));
  try {
    return await withProject({}, (project) => judged(subject, input, project, around), around);
  } finally {
    rmSync(around, { recursive: true, force: true });
  }
}

async function judged({ read }: Subject, input: string, project: Project, around: string): Promise<string> {
  let outcome = 'read';
  try {
    await read(input, project);
  } catch (error) {
    if (!(error instanceof Problem)) return `Not a Problem: ${(error as Error)?.stack ?? String(error)}`;
    const text = renderProblem(error);
    if (hasStackTrace(text)) return `A stack trace: ${text}`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(text);
    if (control) return `It would write the control character ${JSON.stringify(control[0])} to the terminal: ${JSON.stringify(text)}`;
    outcome = 'refused';
  }
  const beside = readdirSync(around).filter((name) => join(around, name) !== project.folder);
  const strange = readdirSync(project.folder, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('supabase') || lstatSync(join(project.folder, name)).isSymbolicLink());
  if (beside.length > 0 || strange.length > 0) return `It wrote ${[...beside, ...strange].map((name) => JSON.stringify(name)).join(', ')}.`;
  return outcome;
}
