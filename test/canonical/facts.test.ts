import { serializeSnapshot } from '@supabase/pg-delta';
import { expect, test } from 'vitest';
import { planTransition } from '../../src/planner/plan.ts';
import { factDifferences, factsFromJson, factsToJson, readFacts, sameFacts } from '../../src/snapshot/facts.ts';
import { withClient } from '../../src/target/connection.ts';
import { withDatabase } from '../postgres/database.ts';

test('facts as text are those of the library, and read back as the same facts', () =>
  withDatabase(17, async ({ superuser }) => {
    await withClient(superuser, async (client) => {
      await client.query(`create sequence public.big maxvalue 9223372036854775807 start 4611686018427387904;
        create table public."odd "": name" (id int primary key, note text default E'a\\n  "key": "b"');
        create function public.said() returns text language sql as $f$ select '{"facts":[],"edges":[]}' $f$`);
      const facts = await readFacts(client, { insideTransaction: false });
      const text = [...factsToJson(facts)].join('');
      expect(
        text ===
          JSON.stringify({
            notModelled: facts.notModelled,
            cluster: facts.cluster,
            facts: JSON.parse(serializeSnapshot(facts.base, { pgVersion: facts.serverVersion })),
          }),
      ).toBe(true);
      expect(sameFacts(factsFromJson(text), facts)).toBe(true);
      expect(factsFromJson(text)).toMatchObject({ cluster: facts.cluster, notModelled: facts.notModelled });
    });
  }));

test('facts of a snapshot from before settings were in them are read, and what they do not hold counts as no difference', () =>
  withDatabase(17, async ({ superuser, name }) => {
    await withClient(superuser, async (client) => {
      await client.query(`alter database ${name} set work_mem = '8MB'`);
      const facts = await readFacts(client, { insideTransaction: false });
      const older = factsFromJson([...factsToJson({ ...facts, cluster: undefined })].join(''));
      expect(older.cluster).toBeUndefined();
      expect(factDifferences(older, facts)).toEqual([]);
      expect(planTransition(facts, older).statements).toEqual([]);
      await client.query(`alter database ${name} reset work_mem`);
      const now = await readFacts(client, { insideTransaction: false });
      expect(factDifferences(facts, now)).toEqual(['gone: setting work_mem of all roles in this database']);
      expect(planTransition(now, facts).statements.map(({ sql }) => sql)).toEqual([`ALTER DATABASE "${name}" SET "work_mem" TO '8MB'`]);
    });
  }));
