import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { expectRows, runDataCase } from './data-case.ts';
import { inPart } from './part.ts';
import { projectHome } from './postgres/case-database.ts';
import { majors } from './postgres/database.ts';
import { ownServer } from './postgres/own-server.ts';

const folder = fileURLToPath(new URL('corpus-data', import.meta.url));
const cases = readdirSync(folder, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  .sort();

/** A sample, always the same: some of the cases, each on one major version. SUPASNAP_CORPUS=all (npm run test:corpus) runs all on both. */
const runsOn = (name: string, major: number): boolean =>
  process.env.SUPASNAP_CORPUS === 'all' || createHash('sha256').update(name).digest()[0]! % 26 === majors.indexOf(major as 15);

describe.each(majors)('on PostgreSQL %i', (major) => {
  const server = ownServer('data', major);

  for (const name of inPart(cases.filter((each) => runsOn(each, major)))) {
    test.concurrent(`${name.replaceAll('-', ' ')}: every row is as it should be, back and forward again`, async () => {
      expectRows(name, await runDataCase(projectHome(server()), name));
    });
  }
});
