import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownServer } from '../postgres/own-server.ts';
import { crashInLongStatement, type Outcome, runCrash } from './case.ts';
import { type Crash, describeCrash, drawCrash } from './draw.ts';
import { playThrough, type Stages } from './stages.ts';

/** A few, with a lost COMMIT among them. */
const sample = [6, 40, 59];

/** Thirteen times all pairs of a command and a way to end; some come too late, when the program has ended. */
const many = Array.from({ length: 117 }, (_, index) => index + 1);

/** SUPASNAP_CRASH=all (npm run test:crash) kills over a hundred times; SUPASNAP_CRASH_SEED=<n> runs that one again (or several: 3,14). */
const chosen = process.env.SUPASNAP_CRASH_SEED?.split(',').map(Number);
const all = !chosen && process.env.SUPASNAP_CRASH === 'all';
const seeds = chosen ?? (all ? many : sample);
const crashes = seeds.map(drawCrash);
const outcomes: Outcome[] = [];

describe.each([...new Set(crashes.map(({ major }) => major))])('on PostgreSQL %i', (major) => {
  const server = ownServer('crash', major);
  let stages: Stages;

  beforeAll(async () => {
    stages = await playThrough(server());
  }, 300_000);
  afterAll(() => stages?.remove());

  test('a session that is in the midst of a long statement ends soon after its program was killed, and nothing of it stays', { retry: 0 }, async () => {
    const { left, outlivedMs } = await crashInLongStatement(stages);
    console.log(`killed in a long statement: ${left}, sessions gone after ${outlivedMs} ms`);
    expect(left).toBe('before');
  });

  for (const crash of crashes.filter((one) => one.major === major)) {
    // What goes wrong one time in two is wrong: no second try.
    test(`the state before or the state after, with kept rows to match: ${describeCrash(crash)}`, { retry: 0, timeout: 300_000 }, async () => {
      const outcome = await runCrash(stages, crash);
      outcomes.push(outcome);
      console.log(describeOutcome(crash, outcome));
      expect(['before', 'after']).toContain(outcome.left);
    });
  }
});

function describeOutcome(crash: Crash, { left, struck, outlivedMs, statement, exitCode }: Outcome): string {
  const place = statement === undefined ? '' : ` (${statement.trim().replaceAll(/\s+/g, ' ').slice(0, 70)})`;
  return `${describeCrash(crash)}${place}: ${struck ? left : 'too late'}, exit code ${exitCode ?? 'none'}, sessions gone after ${outlivedMs} ms`;
}

afterAll(() => {
  const struck = outcomes.filter((outcome) => outcome.struck);
  const left = (state: string) => struck.filter((outcome) => outcome.left === state).length;
  console.log(`${struck.length} kills: ${left('before')} left the state before, ${left('after')} the state after; the longest session outlived its program by ${Math.max(0, ...outcomes.map(({ outlivedMs }) => outlivedMs))} ms`);
  if (all) expect(struck.length).toBeGreaterThanOrEqual(100);
});
