import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownServer } from '../postgres/own-server.ts';
import { type Outcome, runCrash } from './case.ts';
import { type Crash, describeCrash, drawCrash } from './draw.ts';
import { playThrough, type Stages } from './stages.ts';

/** A sample; SUPASNAP_CRASH=all (npm run test:crash) kills a hundred times, SUPASNAP_CRASH_SEED=<n> runs that one again (or several: 3,14). */
const count = process.env.SUPASNAP_CRASH === 'all' ? 100 : 4;
const seeds = process.env.SUPASNAP_CRASH_SEED ? process.env.SUPASNAP_CRASH_SEED.split(',').map(Number) : Array.from({ length: count }, (_, index) => index + 1);
const crashes = seeds.map(drawCrash);
const outcomes: Outcome[] = [];

describe.each([...new Set(crashes.map(({ major }) => major))])('on PostgreSQL %i', (major) => {
  const server = ownServer('crash', major);
  let stages: Stages;

  beforeAll(async () => {
    stages = await playThrough(server());
  }, 300_000);
  afterAll(() => stages?.remove());

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
});
