import { describe, expect, test } from 'vitest';
import { compareDumps } from '../../src/snapshot/canonical.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { withClient } from '../../src/target/connection.ts';
import { completeFromDumps } from '../../src/planner/complete.ts';
import { majors, withEmptyDatabase } from '../postgres/database.ts';

const base = `
create table public.t (id int primary key, a text, n numeric, "B b" jsonb) with (fillfactor = 90, autovacuum_enabled = false);
create index t_a on public.t (lower(a));
create view public.v as select id, a from public.t;
create type public.pair as (x int, y text);
create table public.plain (x int, y text);
create function public.same(a text, b text) returns boolean language sql immutable as 'select a = b';
create function public.wrap(n numeric) returns public.pair language sql immutable as $$ select row(1, 'x')::public.pair $$;`;

/** What the planner does not hold; the other state has nothing of it. */
const extras = `
alter table public.t reset (fillfactor); alter table public.t set (fillfactor = 90, toast.autovacuum_enabled = true);
alter table public.t alter a set storage external, alter n set storage plain, alter "B b" set storage main, alter a set statistics 300;
alter table public.t alter a set (n_distinct = 5), alter a set compression pglz;
alter table public.t cluster on t_a;
alter index public.t_a alter column 1 set statistics 200;
alter view public.v alter a set default 'x';
comment on column public.v.a is 'It''s a column; with a semicolon';
comment on column public.pair.x is 'First';
create statistics public.t_stat (ndistinct) on id, a from public.t;
comment on statistics public.t_stat is 'Together';
alter table public.plain of public.pair;
create operator public.=~= (leftarg = text, rightarg = text, function = public.same, commutator = operator(public.=~=));
create operator public.!! (rightarg = numeric, function = public.wrap);
create cast (numeric as public.pair) with function public.wrap(numeric) as assignment;
create text search configuration public."Plain" (copy = pg_catalog.english);
create operator family public.fam using btree;`;

describe.each(majors)('on PostgreSQL %i, from dumps alone', (major) => {
  test('what the planner does not hold is taken away', () => reaches(major, base, base + extras));
  test('what the planner does not hold comes back', () => reaches(major, base + extras, base));
});

test('nothing is to be done between equal dumps', async () => {
  await withEmptyDatabase(17, async ({ superuser }) => {
    const dump = await dumpOf(17, superuser);
    expect(completeFromDumps(dump, dump)).toEqual([]);
  });
});

const reaches = (major: number, goal: string, start: string) =>
  withEmptyDatabase(major, (wanted) =>
    withEmptyDatabase(major, async (present) => {
      await withClient(wanted.superuser, (client) => client.query(goal));
      await withClient(present.superuser, (client) => client.query(start));
      const goalDump = await dumpOf(major, wanted.superuser);
      const statements = completeFromDumps(goalDump, await dumpOf(major, present.superuser));
      await withClient(present.superuser, (client) => client.query(statements.map((sql) => `${sql};\n`).join('')));
      expect(compareDumps(goalDump, await dumpOf(major, present.superuser)).differences).toEqual([]);
    }),
  );

const dumpOf = async (major: number, settings: Parameters<typeof dumpSchema>[0]) =>
  (await dumpSchema(settings, { choice: 'bundled', serverVersion: major * 10_000 })).sql;
