import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expectBack, runCase } from './corpus-case.ts';
import { inPart } from './part.ts';
import { projectHome } from './postgres/case-database.ts';
import { majors } from './postgres/database.ts';
import { ownServer } from './postgres/own-server.ts';

const folder = fileURLToPath(new URL('corpus', import.meta.url));
const cases = readdirSync(folder, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  .sort();

/** A sample, always the same: some of the cases, each on one major version. SUPASNAP_CORPUS=all (npm run test:corpus) runs all on both. */
const runsOn = (name: string, major: number): boolean =>
  process.env.SUPASNAP_CORPUS === 'all' || createHash('sha256').update(name).digest()[0]! % 29 === majors.indexOf(major as 15);

describe.each(majors)('on PostgreSQL %i', (major) => {
  const server = ownServer('corpus', major);

  for (const name of inPart(cases.filter((each) => runsOn(each, major)))) {
    const words = name.replaceAll('-', ' ');
    if (name.startsWith('unmodelled-')) {
      test.concurrent(`${words}: either leads back or is refused with nothing changed`, async () => {
        const outcome = await runCase(projectHome(server()), name);
        if (outcome.refusal) expect(outcome.after).toEqual(outcome.before);
        else expectBack(outcome);
      });
    } else {
      test.concurrent(`${words}: the rollback leads back to the same dump`, async () => {
        const outcome = await runCase(projectHome(server()), name);
        expect(outcome.refusal && [outcome.refusal.message, ...outcome.refusal.detail].join('\n')).toBeUndefined();
        expectBack(outcome);
      });
    }
  }
});
