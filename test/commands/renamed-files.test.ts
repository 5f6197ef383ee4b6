import { renameSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const folder = 'supabase/migrations/';
const raise = '20260102000000_v1_1_0_raise.sql';
const later = '20260105000000_v1_1_0_raise.sql';
const raiseSql = '-- ten percent\nupdate public.notes set due = due + 10;\nalter table public.notes drop column body;\n';

const rename = ({ project }: Site, from: string, to: string) => renameSync(project.path(folder + from), project.path(folder + to));
const dues = async (site: Site) =>
  (await site.sql<{ due: string | null }>('select due::text from public.notes order by id')).map(({ due }) => due);
const versions = async (site: Site) =>
  (await site.sql<{ row: string }>("select version || '_' || name as row from supabase_migrations.schema_migrations order by 1")).map(
    ({ row }) => row,
  );

describe.each(mostly(17))('an applied file that was renamed is never run twice, on PostgreSQL %i:', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('with another time; its rows come back under the new name, and with the newer one on it', () =>
    withBase({ [raise]: raiseSql }, async (site) => {
      expectCode(await site.migrate(), 0);
      rename(site, raise, later);
      const told = await expectUntouched(site, 3, 'renamed', () => site.migrate());
      expect(told).toContain(`supabase/migrations/${later} is applied already, as 20260102000000_v1_1_0_raise.`);
      const { value } = expectCode(await site.run(status), 0);
      const [, was, now] = /repair --reverted (\d+) --applied (\d+)/.exec(told)!;
      expect(value!.next).toContain(`repair --reverted ${was} --applied ${now}`);
      const shown = expectCode(await site.run((context) => repair(context, { fetch: true })), 0).value!;
      expect(shown.findings.map(({ next }) => next)).toContain(`npx supasnap repair --reverted ${was} --applied ${now}`);
      expect(site.project.exists(folder + raise)).toBe(false);

      expectCode(await site.run((context) => repair(context, { reverted: [was!], applied: [now!] })), 0);
      expect(await versions(site)).toEqual(['20260101000000_v0_1_0_base', '20260105000000_v1_1_0_raise']);
      site.project.write(`${folder}20260106000000_v1_2_0_more.sql`, 'alter table public.notes add column more int;\n');
      expectCode(await site.migrate(), 0);
      expect(await dues(site)).toEqual(['2026-01-11', null]);

      expect(expectCode(await site.rollback({ steps: 1 }), 0).value!.done).toBeDefined();
      expect(await versions(site)).toEqual(['20260101000000_v0_1_0_base', '20260105000000_v1_1_0_raise']);
      expect(await dues(site)).toEqual(['2026-01-11', null]);
      expectCode(await site.migrate(), 0);
      expectCode(await site.rollback({ steps: 2 }), 0);
      expect(await versions(site)).toEqual(['20260101000000_v0_1_0_base']);
      expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
        { id: 1, body: 'first', due: '2026-01-01' },
        { id: 2, body: 'second', due: null },
      ]);
    }));

  test.concurrent('under its own time with other words, with other comments and blanks, and two at once', () =>
    withBase({ [raise]: raiseSql, '20260103000000_v1_2_0_more.sql': 'alter table public.notes add column more int;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      rename(site, raise, '20260102000000_v1_1_0_ten.sql');
      expect(await expectUntouched(site, 3, 'renamed', () => site.migrate())).toContain(
        '--reverted 20260102000000 --applied 20260102000000',
      );
      rmSync(site.project.path(`${folder}20260102000000_v1_1_0_ten.sql`));
      site.project.write(
        folder + later,
        '/* raised */ update   public.notes\nset due = due + 10; ;\n\nalter table public.notes drop column body -- gone\n',
      );
      rename(site, '20260103000000_v1_2_0_more.sql', '20260106000000_v1_3_0_more.sql');
      const told = await expectUntouched(site, 3, 'renamed', () => site.migrate());
      expect(told).toContain('2 files are applied already');
      const pairs = [...told.matchAll(/--reverted (\d+) --applied (\d+)/g)];
      expectCode(
        await site.run((context) => repair(context, { reverted: pairs.map(([, was]) => was!), applied: pairs.map(([, , now]) => now!) })),
        0,
      );
      expect(await versions(site)).toEqual(['20260101000000_v0_1_0_base', '20260105000000_v1_1_0_raise', '20260106000000_v1_3_0_more']);
      expect((await site.migrate()).value!.applied).toEqual([]);
      expectCode(await site.rollback({ steps: 2 }), 0);
      expect(await dues(site)).toEqual(['2026-01-01', null]);
    }));

  test.concurrent('but with another number in it, or beside the old file, or with --allow-edited, it is run', () =>
    withBase({ '20260102000000_v1_1_0_up.sql': 'update public.notes set due = due + 10;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      site.project.write(`${folder}20260103000000_v1_2_0_up.sql`, 'update public.notes set due = due + 10;\n');
      expectCode(await site.migrate(), 0);
      expect(await dues(site)).toEqual(['2026-01-21', null]);
      rmSync(site.project.path(`${folder}20260103000000_v1_2_0_up.sql`));
      site.project.write(`${folder}20260104000000_v1_2_0_up.sql`, 'update public.notes set due = due + 11;\n');
      expectCode(await site.migrate(), 0);
      expect(await dues(site)).toEqual(['2026-02-01', null]);
      rename(site, '20260104000000_v1_2_0_up.sql', '20260105000000_v1_2_0_up.sql');
      await expectUntouched(site, 3, 'renamed', () => site.migrate());
      expectCode(await site.migrate({ allowEdited: true }), 0);
      expect(await dues(site)).toEqual(['2026-02-12', null]);
    }));
});
