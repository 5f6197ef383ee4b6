import { describe, expect, test } from 'vitest';
import { pruneKept } from '../../src/commands/kept-prune.ts';
import { status } from '../../src/commands/status.ts';
import { lockKey } from '../../src/target/lock.ts';
import { withClient } from '../../src/target/connection.ts';
import { errorOf, runCli, withProject } from '../project.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const more = '20260103000000_v0_3_0_more.sql';
const files = { [next]: 'alter table public.notes drop column due;\n', [more]: 'update public.notes set body = upper(body);\n' };
const noWait = { 'supabase/supasnap.toml': 'lock_timeout = "200ms"\n' };

/** Copies that are listed, by their number, and the tables of copies that are there; the two must agree. */
async function copiesOf(site: Site): Promise<string[]> {
  const listed = await site.sql<{ relation: string }>(
    'select relation from supabase_migrations.supasnap_kept order by length(relation), relation',
  );
  const tables = await site.sql<{ relation: string }>(
    "select relname as relation from pg_tables join pg_class on relname = tablename where schemaname = 'supabase_migrations' and tablename ~ '^supasnap_kept_[0-9]+$' order by length(relname), relname",
  );
  expect(tables).toEqual(listed);
  return listed.map(({ relation }) => relation.replace('supasnap_kept_', ''));
}

const backdate = (site: Site, days: number, ids: string[]) =>
  site.sql(
    `update supabase_migrations.supasnap_kept set kept_at = now() - interval '${days} days' where relation in (${ids.map((id) => `'supasnap_kept_${id}'`).join(', ')})`,
  );

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase, withNothing } = sites(major, { bare: true });

  test.concurrent('without a terminal and without --yes it shows what would go, for which rollback it is needed, and changes nothing', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      await backdate(site, 100, ['1', '2']);
      const told = await expectUntouched(site, 3, 'not_confirmed', () =>
        site.run((context) => pruneKept(context, { olderThan: '90d' }), { yes: false }),
      );
      expect(told).toContain('columns: due');
      expect(told).not.toContain('changed rows');
      expect(told).toContain('what was not put back is then nowhere else');
      expect(told).toContain('2, public.notes: not put back yet; a rollback of 20260102000000_v0_2_0_next would need it');
    }));

  test.concurrent('on a terminal the name of the target has to be typed', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      const answered = (answer: (question: string) => string) => () =>
        site.run((context) => pruneKept({ ...context, ask: async (question) => answer(question) }, { olderThan: '0d' }), { yes: false });
      await site.sql("update supabase_migrations.supasnap_kept set kept_at = kept_at - interval '5 seconds'");
      expect(
        await expectUntouched(
          site,
          3,
          'not_confirmed',
          answered(() => 'yes'),
        ),
      ).toContain('You did not confirm.');
      expectCode(await answered((question) => /\(([^)]+)\)/.exec(question)![1]!)(), 0);
      expect(await copiesOf(site)).toEqual([]);
    }));

  test.concurrent('only what is older goes, table and listing together; nothing counts as drift, and a rollback still brings the schema back', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      expect(await copiesOf(site)).toEqual(['1', '2', '3']);
      await backdate(site, 15, ['2']);
      expect(expectCode(await site.run((context) => pruneKept(context, { olderThan: '3w' })), 0).value).toMatchObject({
        pruned: [],
        spared: 0,
      });
      expect(expectCode(await site.run((context) => pruneKept(context, { olderThan: '2w' })), 0).value).toMatchObject({
        pruned: [{ id: 2 }],
      });
      expect(await copiesOf(site)).toEqual(['1', '3']);
      expect(expectCode(await site.run(status), 0).value).toMatchObject({ inOrder: true, drift: { differences: [] } });
      expectCode(await site.rollback({ steps: 2 }), 0);
      expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
        { id: 1, body: 'first', due: null },
        { id: 2, body: 'second', due: null },
      ]);
    }));

  test.concurrent('--returned-only spares what was not put back, and what was put back in part', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql("update public.notes set body = 'mine' where id = 1");
      expectCode(await site.rollback({ steps: 2 }), 0);
      const all = await copiesOf(site);
      await backdate(site, 1, all);
      const { value } = expectCode(await site.run((context) => pruneKept(context, { olderThan: '12h', returnedOnly: true })), 0);
      expect(value).toMatchObject({ pruned: [{ id: 2, putBack: { rowsLeft: 0 } }], spared: all.length - 1 });
      expect(await copiesOf(site)).toEqual(all.filter((id) => id !== '2'));

      const { told } = expectCode(await site.run((context) => pruneKept(context, { olderThan: '12h' })), 0);
      expect(told).toContain('3, public.notes: 1 row of it was not put back by the rollback of ');
      expect(told).toContain('applying 20260103000000 again would need it');
      expect(await copiesOf(site)).toEqual([]);
    }));

  test.concurrent('all go or none: a copy that is in use, or that a view reads, leaves the others too', () =>
    withBase({ ...files, ...noWait }, async (site) => {
      expectCode(await site.migrate(), 0);
      await backdate(site, 100, ['1', '2', '3']);
      const prune = () => site.run((context) => pruneKept(context, { olderThan: '90d' }));
      await withClient(site.database, async (other) => {
        await other.query('begin; lock table supabase_migrations.supasnap_kept_3 in access share mode');
        expect(await expectUntouched(site, 1, 'sql_failed', prune)).toContain('Another session uses these copies.');
        await other.query('rollback');
      });
      await site.sql('create view public.seen as select * from supabase_migrations.supasnap_kept_3');
      expect(await expectUntouched(site, 1, 'sql_failed', prune)).toContain('Nothing was changed: all of them are still there.');
      await site.sql('drop view public.seen');
      expectCode(await prune(), 0);
      expect(await copiesOf(site)).toEqual([]);
    }));

  test.concurrent('while a migrate or rollback is at work it waits, and names it when that takes too long', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      await backdate(site, 100, ['1', '2', '3']);
      const told = await expectUntouched(site, 3, 'locked', () =>
        withClient(site.database, async (other) => {
          await other.query(`select set_config('application_name', 'the first runner', false), pg_advisory_lock(${lockKey})`);
          return site.run((context) => pruneKept(context, { olderThan: '90d', lockWaitMs: 300 }));
        }),
      );
      expect(told).toContain('the first runner');
    }));

  test.concurrent('a target without a history has nothing to prune, and gets none by it', () =>
    withNothing({}, async (site) => {
      await site.sql('drop schema supabase_migrations cascade');
      await expectUntouched(site, 0, () => site.run((context) => pruneKept(context, { olderThan: '1h' })));
    }));
});

test("an age that is missing or can't be read is told before a database is asked", async () => {
  await withProject({}, async ({ folder }) => {
    const json = '--output-format=json';
    const missing = await runCli('db-kept', ['prune', '--yes', json], { cwd: folder });
    const wrong = await runCli('db-kept', ['prune', '--older-than=90', '--yes', json], { cwd: folder });
    expect([missing.exitCode, wrong.exitCode]).toEqual([2, 2]);
    expect(errorOf(missing)).toMatchObject({
      code: 'wrong_arguments',
      next: expect.stringContaining('npx supasnap kept prune --older-than 90d'),
    });
    expect(errorOf(wrong)).toMatchObject({ code: 'wrong_arguments', message: expect.stringContaining('not "90"') });
    expect(missing.stderr + wrong.stderr).not.toContain('Target:');
  });
});
