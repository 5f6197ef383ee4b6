import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';

type Row = Record<string, number | null>;

const rowsOf = async (site: Site, table: string): Promise<Row[]> =>
  (await site.sql<{ row: Row }>(`select to_jsonb(t) as row from ${table} t order by 1`)).map(({ row }) => row);

/** A table whose columns c_1, c_2, … follow `id`; in each row c_n is 1,000 × id + n. */
const makeWide = (name: string, columns: number, id: string) => `
do $$ begin
  execute (select format('create table public.${name} (${id}, %s)', string_agg(format('c_%s int', n), ', ' order by n)) from generate_series(1, ${columns}) n);
  for r in 1..3 loop
    execute (select format('insert into public.${name} values (%s, %s)', r, string_agg((r * 1000 + n)::text, ', ' order by n)) from generate_series(1, ${columns}) n);
  end loop;
end $$`;

/** The widest take long; they run with SUPASNAP_LIMITS=all (npm run test:limits). */
const all = process.env.SUPASNAP_LIMITS === 'all';

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  for (const columns of all ? [150, 1590] : [150]) {
    test.concurrent(`a table of ${columns + 1} columns gets the values back that a migration changed and dropped, and keeps what users wrote since`, () =>
      withBase(
        {
          [next]:
            'update public.wide set c_1 = -1, c_100 = -1;\ndelete from public.wide where id = 3;\nalter table public.wide drop column c_5;\n',
        },
        async (site) => {
          await site.sql(makeWide('wide', columns, 'id int primary key'));
          const [first, second, third] = await rowsOf(site, 'public.wide');
          expectCode(await site.migrate(), 0);
          await site.sql('update public.wide set c_1 = 42, c_2 = 43 where id = 1; insert into public.wide (id, c_1) values (4, 44)');
          const written = await rowsOf(site, 'public.wide');
          const { value } = expectCode(await site.rollback({ steps: 1 }), 0);
          const none = Object.fromEntries(Object.keys(first!).map((name) => [name, null]));
          const back = [{ ...first, c_1: 42, c_2: 43 }, second, third, { ...none, id: 4, c_1: 44 }];
          expect(await rowsOf(site, 'public.wide')).toEqual(expect.arrayContaining(back));
          expectCode(await site.rollback({ to: value!.done!.snapshotBefore }), 0);
          expect(await rowsOf(site, 'public.wide')).toEqual(expect.arrayContaining(written));
          expectCode(await site.rollback({ steps: 1 }), 0);
          expectCode(await site.migrate(), 0);
          expect(await rowsOf(site, 'public.wide')).toEqual(expect.arrayContaining(written));
          expect(await rowsOf(site, 'public.wide')).toHaveLength(3);
        },
      ));

    test.runIf(all).concurrent(`a table of ${columns + 1} columns and no key gets changed rows back`, () =>
      withBase({ [next]: 'update public.wide set c_1 = -1 where id > 1;\n' }, async (site) => {
        await site.sql(makeWide('wide', columns, 'id int'));
        const before = await rowsOf(site, 'public.wide');
        expectCode(await site.migrate(), 0);
        const changed = await rowsOf(site, 'public.wide');
        expect(changed).not.toEqual(before);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await rowsOf(site, 'public.wide')).toEqual(before);
        expectCode(await site.migrate(), 0);
        expect(await rowsOf(site, 'public.wide')).toEqual(changed);
      }),
    );
  }

  test.concurrent('a table as wide as PostgreSQL allows comes back with its rows when it was dropped, and goes and comes with the rollback of what made it', () =>
    withBase({ [next]: `drop table public.old;\n${makeWide('new', 1599, 'id int primary key')};\n` }, async (site) => {
      await site.sql(makeWide('old', 1599, 'id int primary key'));
      const before = await rowsOf(site, 'public.old');
      expectCode(await site.migrate(), 0);
      const made = await rowsOf(site, 'public.new');
      await site.sql('delete from public.new where id = 1');
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await rowsOf(site, 'public.old')).toEqual(before);
      expectCode(await site.migrate(), 0);
      expect(await rowsOf(site, 'public.new')).toEqual(made.slice(1));
    }));
});
