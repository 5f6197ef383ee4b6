import { describe, expect, test } from 'vitest';
import { lockKey } from '../../src/target/lock.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const later = '20260103000000_v0_3_0_later.sql';
const files = {
  [next]: 'alter table public.notes add column done boolean;\n',
  [later]: 'create table public.tags (id int primary key);\n',
};

describe.each(majors)('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });
  const withAll = (more: Record<string, string>, use: (site: Site) => Promise<void>) =>
    withBase({ ...files, ...more }, async (site) => {
      expectCode(await site.migrate(), 0);
      await use(site);
    });

  test.concurrent('target and history stay as they were when there is no terminal and no --yes, on a dry run, and for an unknown goal', () =>
    withAll({}, async (site) => {
      await site.sql('insert into public.tags values (1), (2); update public.notes set done = true');
      const asked = await expectUntouched(site, 3, 'not_confirmed', () => site.rollback({ to: 'v0.1.0', yes: false }));
      expect(asked).toContain('Undoes: 20260103000000, 20260102000000');
      expect(asked).toContain('Removes table public.tags with 2 rows');
      expect(asked).toContain('Removes column public.notes.done with 2 values');
      await expectUntouched(site, 0, () => site.rollback({ to: 'v0.1.0', dryRun: true }));
      expect(await expectUntouched(site, 2, 'snapshot_missing', () => site.rollback({ to: 'v0.2.0_2026010200000' }))).toContain(
        'Did you mean v0.2.0_20260102000000?',
      );
      expect(await expectUntouched(site, 3, 'out_of_order', () => site.rollback({ to: '20260102000000' }))).toContain(
        '20260102000000: 20260103000000',
      );
      expect(await expectUntouched(site, 2, 'not_applied', () => site.rollback({ steps: 9 }))).toContain('Only 3');
    }));

  test.concurrent('rows of tables that stay are untouched, what was undone leaves history, and the way forward is open again', () =>
    withAll({}, async (site) => {
      await site.sql("insert into public.notes values (3, 'third', null, true)");
      expectCode(await site.rollback({ to: 'v0.1.0' }), 0);
      expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
        { id: 1, body: 'first', due: '2026-01-01' },
        { id: 2, body: 'second', due: null },
        { id: 3, body: 'third', due: null },
      ]);
      expect(await site.sql('select version from supabase_migrations.schema_migrations')).toEqual([{ version: '20260101000000' }]);
      const undone = await site.sql<{ undone: string[] }>(
        "select undone from supabase_migrations.supasnap_runs where kind = 'rollback' order by id",
      );
      expect(undone.flatMap((run) => run.undone).sort()).toEqual(['20260102000000', '20260103000000']);
      expect(expectCode(await site.migrate(), 0).value?.applied).toHaveLength(2);
    }));

  test.concurrent('target and history stay as they were when the rollback fails on rows that the rehearsal can not see', () =>
    withBase({ [next]: 'alter table public.notes drop constraint notes_pkey;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql("insert into public.notes values (1, 'again', null)");
      const failed = await expectUntouched(site, 3, 'row_conflict', () => site.rollback({ steps: 1 }));
      expect(failed).toContain('could not create unique index "notes_pkey" (23505)');
      expect(failed).toContain('Key (id)=(1) is duplicated.');
      expect(failed).toContain('the transaction was rolled back');
    }));

  test.concurrent('target and history stay as they were when a hand-written rollback does not lead back; unproven it can be forced', () =>
    withAll({ 'supabase/migrations/20260104000000_v0_4_0_search.sql': 'create table public.words (id int);\n' }, async (site) => {
      site.project.write('supabase/rollback/20260104000000_rollback.sql', 'select 1;\n');
      const refused = await expectUntouched(site, 3, 'not_proven', () => site.rollback({ steps: 1 }));
      expect(refused).toContain('public.words');
      expectCode(await site.rollback({ steps: 1, allowUnproven: true }), 4, 'unexpected_result');
      expect(await site.sql("select version from supabase_migrations.schema_migrations where version = '20260104000000'")).toEqual([]);
    }));

  test.concurrent('another runner is waited for, and named when it takes too long', () =>
    withAll({}, async (site) => {
      const told = await expectUntouched(site, 3, 'locked', () =>
        withClient(site.database, async (other) => {
          await other.query(`select set_config('application_name', 'the first runner', false), pg_advisory_lock(${lockKey})`);
          return site.rollback({ steps: 1, lockWaitMs: 300 });
        }),
      );
      expect(told).toContain('the first runner');
    }));

  test.concurrent('a smoke test that fails on what came back is told, with exit code 4', () =>
    withAll(
      { 'supabase/tests/v0.1.0_smoke_test.sql': "do $$ begin assert (select count(*) from public.notes) = 2, 'two notes'; end $$;\n" },
      async (site) => {
        await site.sql("insert into public.notes values (3, 'third', null)");
        const { told } = expectCode(await site.rollback({ to: 'v0.1.0' }), 4, 'test_failed');
        expect(told).toMatch(/Error: .*v0\.1\.0/);
        expect(await site.sql("select to_regclass('public.tags') as tags")).toEqual([{ tags: null }]);
      },
    ));
});
