import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expectedRows, flagOf, runDataCase, sorted, type Rows } from './data-case.ts';
import { inPart } from './part.ts';
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
      const outcome = await runDataCase(server(), name);
      if (outcome.refusal) {
        expect(outcome.refusal.problem).toMatchObject({ exitCode: 3, code: 'row_conflict' });
        expect(outcome.refusal.problem.next).toContain(flagOf(name));
        expect(outcome.refusal.rows).toEqual(outcome.written);
      }
      expect(comparable(outcome.back)).toEqual(comparable(expectedRows(name)));
      expect(outcome.byHand ?? outcome.refusal).toBeDefined();
      if (outcome.byHand) expect(comparable(outcome.byHand)).toEqual(comparable(outcome.back));
      if (outcome.byHandAgain) expect(comparable(outcome.byHandAgain)).toEqual(comparable(outcome.back));
      expect(comparable(outcome.undone)).toEqual(comparable(outcome.written));
      expect(comparable(outcome.again)).toEqual(comparable(outcome.back));
      expect(comparable(outcome.forward)).toEqual(comparable(outcome.written));
    });
  }
});

const comparable = (rows: Rows): Rows => Object.fromEntries(Object.entries(rows).map(([table, list]) => [table, sorted(list)]));
