import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, type Site, sites, urlOf } from './site.ts';

const files = {
  '20260102000000_v0_2_0_next.sql': 'alter table public.notes drop column due;\n',
  '20260103000000_v0_3_0_later.sql': 'alter table public.notes add column done boolean;\n',
};

const tables = async (site: Site) =>
  (
    await site.sql<{ name: string }>(
      "select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
    )
  ).map(({ name }) => name);
const dues = async (site: Site) =>
  (await site.sql<{ due: string | null }>('select due::text from public.notes order by id')).map(({ due }) => due);

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('of two databases that are migrated from one folder, each goes back to its own state', () =>
    withBase(files, (one) =>
      withBase({}, async (other) => {
        await one.sql('create table public.only_one (id int)');
        await other.sql('create table public.only_other (id int)');
        expectCode(await one.migrate(), 0);
        const { value } = expectCode(await one.migrate({ target: { remote: urlOf(other.database) } }), 0);
        expect(value!.applied).toHaveLength(2);
        expectCode(await one.rollback({ to: 'v0.2.0' }), 0);
        expect(await tables(one)).toEqual(['notes', 'only_one']);
        expectCode(await one.rollback({ to: 'v0.2.0_20260102000000' }), 0);
        expect([await tables(one), await dues(one)]).toEqual([
          ['notes', 'only_one'],
          ['2026-01-01', null],
        ]);
        expectCode(await one.rollback({ to: value!.applied[0]!.snapshotBefore, target: { remote: urlOf(other.database) } }), 0);
        expect([await tables(other), await dues(other)]).toEqual([
          ['notes', 'only_other'],
          ['2026-01-01', null],
        ]);
      }),
    ));

  test.concurrent("a folder that holds another database's snapshot under the same name is no obstacle: the copy in the target counts", () =>
    withBase(files, (one) =>
      withBase(files, async (other) => {
        await other.sql('create table public.only_other (id int)');
        expectCode(await one.migrate(), 0);
        expectCode(await other.migrate(), 0);
        expectCode(await one.rollback({ steps: 2, target: { remote: urlOf(other.database) } }), 0);
        expect([await tables(other), await dues(other)]).toEqual([
          ['notes', 'only_other'],
          ['2026-01-01', null],
        ]);
      }),
    ));
});
