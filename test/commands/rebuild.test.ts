import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { adopt } from '../../src/commands/adopt.ts';
import { status } from '../../src/commands/status.ts';
import { mostly } from '../postgres/database.ts';
import { cli, listedByCli } from '../supabase-cli.ts';
import { shareShadow } from './shared-shadow.ts';
import { expectCode, expectUntouched, sites, type Site } from './site.ts';

const share = shareShadow();
const versions = ['20260101000000', '20260102000000', '20260103000000'] as const;
const files = {
  [`${versions[0]}_v0_1_0_notes.sql`]: `create extension if not exists citext with schema extensions;
create table public.notes (id int primary key, body text not null, mood extensions.citext);
alter table public.notes enable row level security;
create policy "all" on public.notes for all to authenticated using (true);
insert into public.notes values (1, 'seeded', null);
`,
  [`${versions[1]}_v0_2_0_tags.sql`]: `create table public.tags (id int primary key, note int references public.notes, label text);
alter table public.notes rename column body to text;
insert into public.tags values (1, 1, 'first');
`,
  [`${versions[2]}_v0_3_0_links.sql`]: `alter table public.tags drop column label;
create view public.tagged as select n.id, n.text from public.notes n join public.tags t on t.note = n.id;
`,
};
const columns = (site: Site, table: string) =>
  site
    .sql<{ name: string }>(
      `select attname::text as name from pg_attribute where attrelid = to_regclass('${table}') and attnum > 0 and not attisdropped order by attnum`,
    )
    .then((rows) => rows.map(({ name }) => name));

describe.each(mostly(17))('what the Supabase CLI applied can be rolled back, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);
  const withApplied = (use: (site: Site) => Promise<void>) =>
    withNothing(files, async (site) => {
      share(site.project);
      await cli(site, 'migration', 'up', '--yes');
      await site.sql("insert into public.notes (id, text) values (2, 'written by a user')");
      await use(site);
    });

  test('a dry run rebuilds what it needs, shows the way, and writes nothing', () =>
    withApplied(async (site) => {
      expect(await expectUntouched(site, 0, () => site.rollback({ steps: 1, dryRun: true, shadow: undefined }))).toContain('Rebuilt');
      expect(site.project.exists('supabase/snapshots')).toBe(false);
    }));

  test('the last one alone, all of them, and forward again: schema and rows', () =>
    withApplied(async (site) => {
      const one = expectCode(await site.rollback({ steps: 1, shadow: undefined }), 0);
      expect(one.told).toContain('was applied by another tool');
      expect(one.value).toMatchObject({ changed: true, proven: true });
      expect(await columns(site, 'public.tags')).toEqual(['id', 'note', 'label']);
      expect(await site.sql('select * from public.tags')).toEqual([{ id: 1, note: 1, label: null }]);
      expect(await listedByCli(site)).toEqual({ local: [...versions], remote: versions.slice(0, 2) });

      const all = expectCode(await site.rollback({ steps: 2, shadow: undefined }), 0);
      expect(
        await site.sql(
          `select to_regclass('public.notes') as notes, (select count(*)::int from pg_extension where extname = 'citext') as citext`,
        ),
      ).toEqual([{ notes: null, citext: 0 }]);

      expectCode(await site.rollback({ to: all.value!.done!.snapshotBefore, shadow: undefined }), 0);
      expect(await site.sql('select id, text from public.notes order by 1')).toEqual([
        { id: 1, text: 'seeded' },
        { id: 2, text: 'written by a user' },
      ]);
      expect(
        await site.sql(`select array_length(statements, 1) as statements from supabase_migrations.schema_migrations order by version`),
      ).toEqual([{ statements: 5 }, { statements: 3 }]);
      expectCode(await site.migrate({ shadow: undefined }), 0);
      expect(await columns(site, 'public.tags')).toEqual(['id', 'note']);
      expect((await listedByCli(site)).remote).toEqual([...versions]);
    }));

  test('a schema that somebody changed by hand is named, and nothing is touched; adopt says the same', () =>
    withApplied(async (site) => {
      await site.sql('alter table public.notes add column by_hand int; create index tags_note on public.tags (note)');
      const told = await expectUntouched(site, 3, 'drift', () => site.rollback({ steps: 1, shadow: undefined }));
      expect(told).toContain('column public.notes.by_hand');
      expect(told).toContain('index public.tags_note');
      expect(site.project.exists('supabase/snapshots')).toBe(false);
      expect(await expectUntouched(site, 3, 'drift', () => site.run((context) => adopt(context)))).toContain('column public.notes.by_hand');
    }));

  test('adopted ahead of time, every state can be gone back to, from what history recorded where a file was edited or is gone', () =>
    withApplied(async (site) => {
      const [first, second] = Object.keys(files);
      site.project.write(`supabase/migrations/${first}`, 'create table public.edited (id int);\n');
      rmSync(site.project.path(`supabase/migrations/${second}`));
      const before = await site.state();
      expectCode(await site.run((context) => adopt(context), { yes: false }), 3, 'not_confirmed');
      expect(await site.state()).toEqual(before);
      const adopted = expectCode(await site.run((context) => adopt(context)), 0);
      expect(adopted.told).toContain('its file was edited since');
      expect(adopted.told).toContain('it has no file here');
      expect(adopted.value).toMatchObject({
        changed: true,
        rebuilt: [`v0.1.0_${versions[0]}`, `v0.2.0_${versions[1]}`, `v0.3.0_${versions[2]}`],
        snapshot: `v0.3.0_${versions[2]}_after`,
      });
      expect(JSON.parse(site.project.read(`supabase/snapshots/v0.2.0_${versions[1]}.json`))).toMatchObject({
        rebuilt: expect.stringMatching(/^[0-9a-f]{64}$/),
        applied: { count: 1, newest: { version: versions[0] } },
      });
      expect(expectCode(await site.run((context) => adopt(context)), 0).value).toMatchObject({ changed: false, rebuilt: [] });
      expect(expectCode(await site.run(status), 0).value).toMatchObject({ drift: { differences: [] } });
      // Nothing is replayed any more.
      const back = expectCode(await site.rollback({ to: 'v0.1.0', shadow: undefined }), 0);
      expect(back.told).not.toContain('Rebuil');
      expect(await columns(site, 'public.notes')).toEqual(['id', 'body', 'mood']);
      expect(await site.sql('select id, body from public.notes order by 1')).toEqual([
        { id: 1, body: 'seeded' },
        { id: 2, body: 'written by a user' },
      ]);
    }));
});
