import { describe, expect, test } from 'vitest';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { rerunnable, respell, settleSpelling } from '../../src/snapshot/spelling.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, withEmptyDatabase } from '../postgres/database.ts';

const schema = `
create table public.parcels (size varchar(3) not null check (size in ('s', 'it''s', 'a,b)')), kind char(2) check (kind in ('x', 'y')), note text check (note in ('p', 'q')));
create view public.small as select size from public.parcels where size not in ('l') or lower(size) = any (array['s'::varchar, 'm']);
create index on public.parcels (note) where size in ('s', 'm');
create function public.f() returns text[] language sql as $$ select (array['a'::varchar])::text[] $$;
create function public.g() returns text language plpgsql as $$ begin return 'x = ANY ((ARRAY[''a''::character varying])::text[])'; end $$;
comment on view public.small is 'size = ANY ((ARRAY[''s''::character varying])::text[])';`;

describe.each(majors)('on PostgreSQL %i', (major) => {
  test('a dump that is loaded again dumps the same, byte for byte', async () => {
    const [first, again] = await withEmptyDatabase(major, async (from) => {
      await withClient(from.settings, (client) => client.query(schema));
      const first = await dump(major, from.settings);
      const again = await withEmptyDatabase(major, async (to) => {
        await withClient(to.settings, (client) => client.query(rerunnable(first).replace('CREATE SCHEMA public;', '')));
        return dump(major, to.settings);
      });
      return [first, again];
    });
    expect(first).toContain("(ARRAY['s'::character varying");
    expect(again).toBe(first);
  });
});

const dump = async (major: number, settings: Parameters<typeof dumpSchema>[0]) =>
  (await dumpSchema(settings, { choice: 'bundled', serverVersion: major * 10_000 })).sql;

const printed = "CHECK (((size)::text = ANY ((ARRAY['s'::character varying, 'm'::character varying])::text[])))";
const settled = "CHECK (((size)::text = ANY (ARRAY[('s'::character varying)::text, ('m'::character varying)::text])))";

test('an expression is settled into the form that it keeps', () => {
  expect(settleSpelling(printed)).toBe(settled);
  expect(settleSpelling(settled)).toBe(settled);
});

test('a statement planned from the settled form is spelled as the goal is', () => {
  const statement = `ALTER TABLE t ADD CONSTRAINT c ${settled}`;
  expect(respell(statement, `CREATE TABLE t (CONSTRAINT c ${printed});`)).toBe(`ALTER TABLE t ADD CONSTRAINT c ${rerunnable(printed)}`);
  expect(respell(statement, `CREATE TABLE t (CONSTRAINT c ${settled});`)).toBe(statement);
});

test('what is quoted is left alone: strings, names, function bodies, comments', () => {
  for (const text of [`'${printed.replaceAll("'", "''")}'`, `"(ARRAY[1])::text[]"`, `$body$ ${printed} $body$`, `-- ${printed}\n`]) {
    expect(settleSpelling(text)).toBe(text);
    expect(rerunnable(text)).toBe(text);
  }
});
