import { serializeSnapshot } from '@supabase/pg-delta';
import { expect, test } from 'vitest';
import { factsFromJson, factsToJson, readFacts, sameFacts } from '../../src/snapshot/facts.ts';
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
      expect(text === JSON.stringify({ notModelled: facts.notModelled, facts: JSON.parse(serializeSnapshot(facts.base, { pgVersion: facts.serverVersion })) })).toBe(true);
      expect(sameFacts(factsFromJson(text), facts)).toBe(true);
    });
  }));
