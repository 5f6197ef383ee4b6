import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const early = '20260102000000_v1_1_0_early.sql';
const late = '20260103000000_v1_2_0_late.sql';

const versions = async (site: Site) =>
  (await site.sql<{ version: string }>('select version from supabase_migrations.schema_migrations order by 1')).map(
    ({ version }) => version,
  );
const columns = async (site: Site) =>
  (
    await site.sql<{ name: string }>(
      "select attname::text as name from pg_attribute where attrelid = 'public.notes'::regclass and attnum > 0 and not attisdropped order by attnum",
    )
  ).map(({ name }) => name);

describe.each(mostly(17))('a file that came late is the last one applied, on PostgreSQL %i:', (major) => {
  const { withBase } = sites(major, { bare: true });

  const withLate = (use: (site: Site) => Promise<void>) =>
    withBase({ [late]: 'alter table public.notes add column late_col int;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      site.project.write(`supabase/migrations/${early}`, 'alter table public.notes add column early_col int;\n');
      expectCode(await site.migrate({ includeAll: true }), 0);
      await site.sql('update public.notes set late_col = 7, early_col = 8 where id = 1');
      await use(site);
    });

  test.concurrent('one step back undoes it alone, and its value comes back with it', () =>
    withLate(async (site) => {
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await versions(site)).toEqual(['20260101000000', '20260103000000']);
      expect(await columns(site)).toEqual(['id', 'body', 'due', 'late_col']);
      expect(await site.sql('select late_col from public.notes order by id')).toEqual([{ late_col: 7 }, { late_col: null }]);
      expectCode(await site.migrate({ includeAll: true }), 0);
      expect(await site.sql('select late_col, early_col from public.notes order by id')).toEqual([
        { late_col: 7, early_col: 8 },
        { late_col: null, early_col: null },
      ]);
      expectCode(await site.rollback({ steps: 2 }), 0);
      expect(await versions(site)).toEqual(['20260101000000']);
      expect(await columns(site)).toEqual(['id', 'body', 'due']);
    }));

  test.concurrent('its release was never the newest, which is said; the file names it, and the older one stands under it', () =>
    withLate(async (site) => {
      const told = await expectUntouched(site, 3, 'out_of_order', () => site.rollback({ to: 'v1.1.0', dryRun: true }));
      expect(told).toContain('v1.1.0 was applied after 20260103000000_v1_2_0_late');
      expect(await expectUntouched(site, 3, 'out_of_order', () => site.rollback({ to: late }))).toContain(
        '1 migration was applied after 20260103000000: 20260102000000.',
      );
      expectCode(await site.rollback({ to: `supabase/migrations/${early}` }), 0);
      expect(await versions(site)).toEqual(['20260101000000', '20260103000000']);
      expectCode(await site.rollback({ to: 'supabase/rollback/20260103000000_rollback.sql' }), 0);
      expect(await versions(site)).toEqual(['20260101000000']);
      expect(await expectUntouched(site, 2, 'snapshot_missing', () => site.rollback({ to: 'v0.1' }))).toContain('Did you mean v0.1.0?');
    }));
});
