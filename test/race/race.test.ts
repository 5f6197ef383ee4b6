import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startProgram } from '../crash/program.ts';
import { inPart } from '../part.ts';
import { ownServer } from '../postgres/own-server.ts';
import { describeRound, drawRound, seedsInTurn } from './draw.ts';
import { type Place, playRound, preparePlace } from './round.ts';

/** Only with SUPASNAP_RACE=all (npm run test:race), for it takes long: 20 drawn rounds and a few in turn; SUPASNAP_RACE_SEED=<n> plays that one again (or several: 3,14 or 1-40). */
const chosen = process.env.SUPASNAP_RACE_SEED?.split(',').flatMap(range);
const many = [...range('1-20'), ...seedsInTurn];
const rounds = (chosen ?? (process.env.SUPASNAP_RACE === 'all' ? inPart(many) : [])).map(drawRound);

describe.each([...new Set(rounds.map(({ major }) => major))])('on PostgreSQL %i', (major) => {
  const server = ownServer('race', major);
  let place: Place;
  let folder: string;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'supasnap-race-')));
    chmodSync(folder, 0o755);
    symlinkSync(folder, join(folder, '.supasnap'));
    place = await preparePlace(server(), folder);
  });
  afterAll(async () => {
    await startProgram(['stop', '--workdir', folder], { folder, url: '' }).ended;
    rmSync(folder, { recursive: true, force: true });
  });

  for (const round of rounds.filter((one) => one.major === major)) {
    test(`${round.inTurn ? 'one runner after the other' : 'four runners at once'}, each migration once: ${describeRound(round)}`, {
      timeout: 3_600_000,
    }, async () => {
      const { exitCodes, left } = await playRound(place, round);
      console.log(`${describeRound(round)}: exit codes ${exitCodes.join(', ')}, left v0.${left}.0`);
    });
  }
});

/** "3" or "1-40". */
function range(words: string): number[] {
  const [first, last = first] = words.split('-').map(Number);
  return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
}
