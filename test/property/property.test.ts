import { afterAll, describe, expect, test } from 'vitest';
import { inPart } from '../part.ts';
import { ownServer } from '../postgres/own-server.ts';
import { type Outcome, runPair } from './pair.ts';

/** SUPASNAP_PROPERTY=all (npm run test:property) runs 500 pairs; SUPASNAP_PROPERTY_SEED=<n> runs that one again (or several: 3,14, or 1-100). */
const chosen = process.env.SUPASNAP_PROPERTY_SEED?.split(',').flatMap(range);
const all = process.env.SUPASNAP_PROPERTY === 'all';
const seeds = chosen ?? (all ? inPart(range('1-500')) : [2, 15, 449]);
const outcomes: (Outcome & { seed: number })[] = [];

describe.each([17, 15].filter((major) => seeds.some((seed) => majorOf(seed) === major)))('on PostgreSQL %i', (major) => {
  const server = ownServer('property', major);
  for (const seed of seeds.filter((one) => majorOf(one) === major)) {
    test.concurrent(`seed ${seed}: a drawn migration of a drawn schema is rolled back to the same schema and rows`, {
      timeout: 300_000,
    }, async () => {
      const outcome = await runPair(server(), seed);
      outcomes.push({ seed, ...outcome });
      if (outcome.end !== 'back') console.log(`seed ${seed}: ${outcome.end}: ${outcome.said}`);
    });
  }
});

afterAll(() => {
  const count = (end: Outcome['end']) => outcomes.filter((outcome) => outcome.end === end).length;
  const drawnAgain = outcomes.reduce((sum, outcome) => sum + outcome.drawnAgain, 0);
  console.log(
    `${outcomes.length} pairs: ${count('back')} back, ${count('asked, then back')} asked first, ${count('not migrated')} not migrated; ${drawnAgain} more were refused by the server and drawn again`,
  );
  if (all && !chosen) expect(count('back') + count('asked, then back')).toBeGreaterThan(0.9 * seeds.length);
});

/** Three of four on the newest that comes along. */
function majorOf(seed: number): 15 | 17 {
  return seed % 4 === 0 ? 15 : 17;
}

function range(words: string): number[] {
  const [from, to = from] = words.split('-').map(Number) as [number, number?];
  return Array.from({ length: to! - from + 1 }, (_, index) => from + index);
}
