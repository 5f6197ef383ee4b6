import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites } from './site.ts';

const [one, two] = ['20260102000000_v0_2_0_one.sql', '20260103000000_v0_3_0_two.sql'];

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('what --without reaches through foreign keys and triggers is kept too, and returns', () =>
    withBase(
      {
        [one]: `create table public.orders (id int primary key, qty int not null constraint few check (qty < 10));
create table public.lines (id int primary key, order_id int not null references public.orders on delete cascade, sku text);
create table public.remarks (id int primary key, order_id int references public.orders on delete set null);
create table public.totals (qty int not null);
create function public.count_orders() returns trigger language plpgsql as $$ begin update totals set qty = (select coalesce(sum(o.qty), 0) from orders o); return null; end $$;
create trigger count_orders after insert or delete on public.orders for each statement execute function public.count_orders();
insert into public.totals values (0);
`,
        [two]: 'alter table public.orders drop constraint few;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql(
          "insert into public.orders values (1, 1), (2, 50); insert into public.lines values (1, 1, 'x'), (2, 2, 'y'); insert into public.remarks values (7, 2)",
        );
        const rows = async () =>
          (
            await site.sql(
              'select (select json_agg(o) from public.orders o) as orders, (select json_agg(l) from public.lines l) as lines, (select json_agg(r) from public.remarks r) as remarks, (select qty from public.totals) as total',
            )
          )[0];
        const before = await rows();
        expectCode(await site.rollback({ steps: 1 }), 3, 'row_conflict');
        expect(await rows()).toEqual(before);
        const back = expectCode(await site.rollback({ steps: 1, without: { 'public.orders': 'qty >= 10' } }), 0);
        expect(back.told).toContain('public.orders: 1 row taken out (--without); kept');
        expect(await rows()).toMatchObject({ orders: [{ id: 1 }], lines: [{ id: 1 }], remarks: [{ order_id: null }], total: 1 });
        expectCode(await site.migrate(), 0);
        const again = (await rows()) as { lines: { id: number }[] };
        expect({ ...again, lines: [...again.lines].sort((a, b) => a.id - b.id) }).toEqual(before);
      },
    ));

  test.concurrent('rows that point to what the rollback takes out again are a question, and the flag that it shows answers it', () =>
    withBase(
      {
        'supabase/migrations/20260101150000_v0_1_1_tags.sql':
          'create table public.tags (id int primary key, "The note" int references public.notes, parent int references public.tags);\n',
        [one]: "insert into public.notes values (7, 'ours', null);\ninsert into public.tags values (1, null, null);\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql('insert into public.tags values (2, 7, null), (3, 1, 1)');
        const before = await site.state();
        const { told } = expectCode(await site.rollback({ steps: 1 }), 3, 'row_conflict');
        expect(await site.state()).toEqual(before);
        const flags = [...told.matchAll(/--without '(.*?)=(.*)'$/gm)].map(([, place, condition]) => [
          place!,
          condition!.replaceAll(`'\\''`, "'"),
        ]);
        expect(flags).toHaveLength(1);
        const again = expectCode(await site.rollback({ steps: 1, without: Object.fromEntries(flags) }), 3, 'row_conflict');
        const both = [flags[0]![1]!, [...again.told.matchAll(/--without "(.*?)=(.*)"$/gm)][0]![2]!]
          .map((condition) => `(${condition})`)
          .join(' or ');
        expectCode(await site.rollback({ steps: 1, without: { 'public.tags': both } }), 0);
        expect(await site.sql('select id from public.tags')).toEqual([]);
        expectCode(await site.migrate(), 0);
        expect(await site.sql('select id, "The note" as note, parent from public.tags order by id')).toEqual([
          { id: 1, note: null, parent: null },
          { id: 2, note: 7, parent: null },
          { id: 3, note: 1, parent: 1 },
        ]);
      },
    ));

  test.concurrent('in a rollback of several, rows go only at the step whose constraint asks', () =>
    withBase(
      {
        [one]: 'create table public.items (id int primary key, qty int not null);\ninsert into public.items values (1, 500), (2, 30);\n',
        [two]: 'update public.items set qty = qty / 10;\nalter table public.items add constraint small check (qty <= 100);\n',
        '20260104000000_v0_4_0_three.sql': 'alter table public.items drop constraint small;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql('insert into public.items values (3, 150)');
        expectCode(await site.rollback({ steps: 2, without: { 'public.items': 'qty > 100' } }), 0);
        expect(await site.sql('select id, qty from public.items order by id')).toEqual([
          { id: 1, qty: 500 },
          { id: 2, qty: 30 },
        ]);
      },
    ));

  test.concurrent('a rollback of several puts unique values back although their types go with it', () =>
    withBase(
      {
        [one]:
          'create table public.m (id int primary key, rank int not null unique);\ninsert into public.m values (1, 1), (2, 2), (3, 3);\n',
        [two]: "create type public.c as enum ('red', 'green');\nalter table public.m add column col public.c not null default 'red';\n",
        '20260104000000_v0_4_0_three.sql': 'update public.m set rank = 100 + rank;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        expectCode(await site.rollback({ steps: 2 }), 0);
        expect(await site.sql('select id, rank from public.m order by id')).toEqual([1, 2, 3].map((id) => ({ id, rank: id })));
      },
    ));

  test.concurrent('--steps 1 undoes the file that stopped between its steps, and no other', () =>
    withBase(
      { [one]: 'alter table public.notes add column a int;\ncreate unique index concurrently once on public.notes ((1));\n' },
      async (site) => {
        expectCode(await site.migrate(), 4, 'unfinished_run');
        await site.sql("insert into public.notes values (3, 'since', null)");
        expectCode(await site.rollback({ steps: 1, shadow: undefined }), 0);
        expect(await site.sql('select id, body from public.notes order by id')).toEqual([
          { id: 1, body: 'first' },
          { id: 2, body: 'second' },
          { id: 3, body: 'since' },
        ]);
        expect(await site.sql('select version from supabase_migrations.schema_migrations')).toEqual([{ version: '20260101000000' }]);
        expectCode(await site.migrate({ resume: true }), 2, 'cannot_resume');
      },
    ));

  test.concurrent('a table that a migration fills under keys of its own is there once when it is applied again', () =>
    withBase(
      {
        [one]:
          "create table public.invoices (id uuid primary key default gen_random_uuid(), note int not null unique references public.notes, no text not null);\ninsert into public.invoices (note, no) select id, 'INV-' || id from public.notes;\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        const before = await site.sql('select * from public.invoices order by note');
        expectCode(await site.rollback({ steps: 1 }), 0);
        expectCode(await site.migrate(), 0);
        expect(await site.sql('select * from public.invoices order by note')).toEqual(before);
      },
    ));
});
