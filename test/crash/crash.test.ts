import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { inPart } from '../part.ts';
import { ownServer } from '../postgres/own-server.ts';
import { startTestServer } from '../postgres/setup.ts';
import { crashInLongStatement, type Outcome, runCrash } from './case.ts';
import { canMount } from './disk.ts';
import { type Crash, describeCrash, drawCrash, hows } from './draw.ts';
import { playThrough, type Stages } from './stages.ts';

/** A few of them on one server. */
const sample = [1, 16, 31];

/** Eight times all pairs of a command and a way to end, and then `--resume`; some come too late, when the program has ended. */
const many = Array.from({ length: 352 }, (_, index) => index + 1);

/** SUPASNAP_CRASH=all (npm run test:crash) kills over three hundred times; SUPASNAP_CRASH_SEED=<n> runs that one again (or several: 3,14 or 1-40). */
const chosen = process.env.SUPASNAP_CRASH_SEED?.split(',').flatMap(range);
const all = !chosen && process.env.SUPASNAP_CRASH === 'all';
const crashes = (chosen ?? (all ? inPart(many) : sample)).map(drawCrash);
const needsDisk = ({ how }: Crash) => how === 'disk' || how === 'server disk';
const outcomes: { crash: Crash; outcome: Outcome; tookMs: number }[] = [];

describe.each([...new Set(crashes.map(({ major }) => major))])('on PostgreSQL %i', (major) => {
  const server = ownServer('crash', major);
  let stages: Stages;

  beforeAll(async () => {
    const resumes = crashes.some((crash) => crash.major === major && crash.command === 'resume');
    stages = await playThrough(server(), resumes, async () => {
      const { port } = await startTestServer(inject('run'), 'crash', major);
      if (port !== server().port) throw new Error(`The server came back at port ${port}, not ${server().port}.`);
    });
  }, 600_000);
  afterAll(() => stages?.remove());

  test('a session that is in the midst of a long statement ends soon after its program was killed, and nothing of it stays', {
    timeout: 300_000,
  }, async () => {
    const { left, outlivedMs, struck } = await crashInLongStatement(stages);
    console.log(`killed in a long statement: ${left}, sessions gone after ${outlivedMs} ms`);
    expect(struck).toBe(true);
    expect(left).toBe('before');
  });

  for (const crash of crashes.filter((one) => one.major === major)) {
    test(`the state before or the state after, with kept rows to match: ${describeCrash(crash)}`, { timeout: 600_000 }, async ({
      skip,
    }) => {
      if (needsDisk(crash) && !canMount()) {
        console.log(`seed ${crash.seed} is skipped: no disk can be mounted here`);
        skip('no disk can be mounted here');
      }
      const began = performance.now();
      const outcome = await runCrash(stages, crash);
      outcomes.push({ crash, outcome, tookMs: performance.now() - began });
      console.log(describeOutcome(crash, outcome));
      expect(isLegal(crash, outcome)).toBe(true);
    });
  }
});

/** Between is legal only for what can't be one transaction; what is gone on with was not before already. */
const isLegal = ({ command }: Crash, { left }: Outcome) =>
  command === 'resume' ? left !== 'before' : left !== 'between' || command === 'migrate in steps';

function describeOutcome(crash: Crash, { left, struck, outlivedMs, journalled, statement, exitCode }: Outcome): string {
  const place = statement === undefined ? '' : ` (${statement.trim().replaceAll(/\s+/g, ' ').slice(0, 70)})`;
  return `${describeCrash(crash)}${place}: ${struck ? left : 'too late'}, exit code ${exitCode ?? 'none'}${journalled ? ', told by the next command' : ''}, sessions gone after ${outlivedMs} ms`;
}

/** "3" or "1-40". */
function range(words: string): number[] {
  const [first, last = first] = words.split('-').map(Number);
  return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
}

afterAll(() => {
  const struck = outcomes.filter(({ outcome }) => outcome.struck);
  const tell = (what: string, some: typeof outcomes) => {
    const left = (state: string) => some.filter(({ outcome }) => outcome.left === state).length;
    console.log(
      `${what}: ${some.length} struck; ${left('before')} left the state before, ${left('after')} the state after, ${left('between')} stopped between steps and were completed; ${some.filter(({ outcome }) => outcome.journalled).length} were told by the next command`,
    );
  };
  for (const how of hows)
    tell(
      `  ${how}`,
      struck.filter(({ crash }) => crash.how === how),
    );
  tell(`Of ${outcomes.length} cases`, struck);
  const longest = (times: number[]) => Math.round(Math.max(0, ...times));
  console.log(
    `The longest session outlived its program by ${longest(outcomes.map(({ outcome }) => outcome.outlivedMs))} ms; the longest case took ${longest(outcomes.map(({ tookMs }) => tookMs))} ms.`,
  );
  if (all && canMount()) expect(struck.length).toBeGreaterThanOrEqual((280 / 352) * crashes.length);
});
