import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startProgram } from '../crash/program.ts';
import { ownServer } from '../postgres/own-server.ts';
import { describeRound, drawRound } from './draw.ts';
import { type Place, playRound, preparePlace } from './round.ts';

/** Only with SUPASNAP_RACE=all (npm run test:race), for it takes long: 20 rounds; SUPASNAP_RACE_SEED=<n> plays that one again (or several: 3,14). */
const chosen = process.env.SUPASNAP_RACE_SEED?.split(',').map(Number);
const many = Array.from({ length: 20 }, (_, index) => index + 1);
const rounds = (chosen ?? (process.env.SUPASNAP_RACE === 'all' ? many : [])).map(drawRound);

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
    // What goes wrong one time in two is wrong: no second try.
    test(`four runners at once, each migration once: ${describeRound(round)}`, { retry: 0, timeout: 300_000 }, async () => {
      const { exitCodes, left } = await playRound(place, round);
      console.log(`${describeRound(round)}: exit codes ${exitCodes.join(', ')}, left v0.${left}.0`);
    });
  }
});
