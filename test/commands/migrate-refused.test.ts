import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { base, baseSql, expectCode, expectUntouched, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const nextRollback = 'supabase/rollback/20260102000000_rollback.sql';

describe.each(mostly(15))('on PostgreSQL %i, target and history stay byte for byte as they were when', (major) => {
  const { withBase, withNothing } = sites(major, { bare: true });
  test.concurrent('the way back can not be proven; with --allow-unproven it is applied all the same', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;', [nextRollback]: 'select 1;\n' }, async (site) => {
      const refused = await expectUntouched(site, 3, 'not_proven', () => site.migrate());
      expect(refused).toMatch(new RegExp(`Error: .*supabase/migrations/${next}`));
      expect(refused).toContain('--allow-unproven');
      expectCode(await site.migrate({ allowUnproven: true }), 0);
      expect(
        await site.sql(`select attname::text from pg_attribute where attrelid = 'public.notes'::regclass and attname = 'done'`),
      ).toEqual([{ attname: 'done' }]);
    }));

  test.concurrent('a rollback written by hand does not lead back, and it stays as it was written', () =>
    withBase({ [next]: 'alter table public.notes add column done boolean;', [nextRollback]: 'select 1;\n' }, async (site) => {
      const refused = await expectUntouched(site, 3, 'not_proven', () => site.migrate());
      expect(refused).toContain('done');
      expect(site.project.read(nextRollback)).toBe('select 1;\n');
    }));

  test.concurrent('the schema would come back but rows would not', () =>
    withBase(
      {
        [next]: 'alter table public.notes drop column due;',
        [nextRollback]:
          "alter table public.notes add column due date;\ncomment on column public.notes.due is 'when it has to be done';\nupdate public.notes set body = upper(body) || '!';\n",
      },
      async (site) => {
        const refused = await expectUntouched(site, 3, 'not_proven', () => site.migrate());
        expect(refused).toContain('made-up rows did not come back as they were');
        expect(refused).toContain('rows of public.notes');
      },
    ));

  test.concurrent('the third statement fails in the rehearsal', () =>
    withBase(
      { [next]: 'create table public.a (id int);\ncreate table public.b (id int);\ncreate table public.notes (id int);\n' },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(failed).toContain(`supabase/migrations/${next}:3:1`);
        expect(failed).toContain('relation "notes" already exists (42P07)');
        expect(failed).toContain('The target was not touched.');
      },
    ));

  test.concurrent('the third statement fails on the rows of the target, which the rehearsal can not see', () =>
    withBase(
      {
        [next]:
          'create table public.a (id int);\nupdate public.notes set body = upper(body);\nalter table public.notes alter due set not null;\n',
      },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(failed).toContain(`${next}:3:1`);
        expect(failed).toContain('contains null values (23502)');
        expect(failed).toContain('the transaction was rolled back');
      },
    ));

  test.concurrent('the smoke test fails', () =>
    withBase(
      {
        [next]: 'alter table public.notes add column done boolean; update public.notes set done = false;',
        'supabase/tests/v0.2.0_smoke_test.sql': `begin;\nselect plan from (values ('1..2'), ('ok 1 - there are notes'), ('not ok 2 - one is done')) as t(plan);\nrollback;\n`,
      },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'test_failed', () => site.migrate());
        expect(failed).toMatch(/Error: .*v0\.2\.0/);
        expect(failed).toContain('FAIL  one is done');
        expect(failed).not.toContain('there are notes');
      },
    ));

  test.concurrent('an expectation beside the smoke test is not met', () =>
    withBase(
      {
        [next]: 'create table public.tags (id int);',
        'supabase/tests/v0.2.0_smoke_test.sql': 'select 1;\n',
        'supabase/tests/v0.2.0_expect.toml': '[counts]\ntables = 3\n',
      },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'test_failed', () => site.migrate());
        expect(failed).toContain('FAIL  3 tables: 2 found');
      },
    ));

  test.concurrent('a deferred constraint is violated, which shows only at COMMIT', () =>
    withBase(
      {
        [next]: `create table public.tags (note int references public.notes deferrable initially deferred);\ninsert into public.tags select max(id) + 1 from public.notes having count(*) > 0;\n`,
      },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(failed).toContain('violates foreign key constraint');
        expect(failed).toContain('rolled back');
      },
    ));

  test.concurrent('a statement fails after the COMMIT of the file itself', () =>
    withBase(
      { [next]: 'begin;\ncreate table public.a (id int);\ncommit;\nalter table public.notes alter due set not null;\n' },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(failed).toContain(`${next}:4:1`);
      },
    ));

  test.concurrent('a DO block raises', () =>
    withBase(
      {
        [next]: `create table public.a (id int);\ndo $$\nbegin\n  if exists (select from public.notes) then\n    raise exception 'there are notes';\n  end if;\nend $$;\n`,
      },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(failed).toContain('there are notes (P0001)');
        expect(failed).toContain(`${next}:2:1`);
      },
    ));

  test.concurrent('it leads to another schema than in the rehearsal', () =>
    withBase(
      { [next]: `do $$ begin if exists (select from public.notes) then create table public.surprise (id int); end if; end $$;` },
      async (site) => {
        const failed = await expectUntouched(site, 1, 'unexpected_result', () => site.migrate());
        expect(failed).toContain('surprise');
      },
    ));

  test.concurrent('there is no terminal and no --yes', () =>
    withBase({ [next]: 'create table public.a (id int);' }, async (site) => {
      const refused = await expectUntouched(site, 3, 'not_confirmed', () => site.migrate({ yes: false }));
      expect(refused).toContain('--yes');
    }));

  test.concurrent('it is a dry run, which writes no file either', () =>
    withBase({ [next]: 'create table public.a (id int);' }, async (site) => {
      const snapshots = site.project.list('supabase/snapshots');
      const dry = await expectUntouched(site, 0, () => site.migrate({ dryRun: true }));
      expect(dry).toContain('Rollback proven');
      expect(site.project.list('supabase/snapshots')).toEqual(snapshots);
      expect(site.project.exists(nextRollback)).toBe(false);
    }));

  test.concurrent('an applied file was edited; --allow-edited goes on', () =>
    withBase({ [next]: 'create table public.a (id int);' }, async (site) => {
      site.project.write(`supabase/migrations/${base}`, baseSql.replace('done', 'finished'));
      const refused = await expectUntouched(site, 3, 'edited', () => site.migrate());
      expect(refused).toMatch(new RegExp(`Error: .*${base}`));
      expect(refused).toMatch(/applied: .*done'\n.*file: .*finished'/);
      expectCode(await site.migrate({ allowEdited: true }), 0);
    }));

  test.concurrent('a file is older than the newest applied one; --include-all applies it', () =>
    withBase({ '20251231000000_v0_0_9_late.sql': 'create table public.late (id int);' }, async (site) => {
      const refused = await expectUntouched(site, 3, 'out_of_order', () => site.migrate());
      expect(refused).toMatch(/20251231000000_v0_0_9_late\.sql.*\(20260101000000\)/);
      expect(refused).toContain('--include-all');
      expectCode(await site.migrate({ includeAll: true }), 0);
      expect(await site.sql('select version from supabase_migrations.schema_migrations order by 1')).toEqual([
        { version: '20251231000000' },
        { version: '20260101000000' },
      ]);
    }));

  test.concurrent('the SQL is wrong: line, column and caret show where', () =>
    withBase({ [next]: 'create table public.a (id int);\nalter table public.notes\n  add colum done boolean default;\n' }, async (site) => {
      const failed = await expectUntouched(site, 1, 'bad_sql', () => site.migrate());
      expect(failed).toMatch(new RegExp(`${next}:3:\\d+\\n  3 \\|   add colum done boolean default;\\n +\\| +\\^`));
    }));

  test.concurrent('nothing was ever applied and a file fails: there is not even an empty history', () =>
    withNothing({ [base]: 'create table public.a (id int);\nselect 1/0;' }, async (site) => {
      const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
      expect(failed).toContain('division by zero (22012)');
      expect(await site.sql("select to_regclass('supabase_migrations.schema_migrations') as history")).toEqual([{ history: null }]);
    }));

  test.concurrent.each([
    ['20260230000000_v0_2_0_next.sql', 'begins with 20260230000000, which is no date and time'],
    ['2026010_v0_2_0_next.sql', 'does not begin with a date and time of 14 digits'],
    ['v0_2_0_next.sql', 'is not the name of a migration'],
  ])('a file is called %s; a right name is suggested', (name, what) =>
    withBase({}, async (site) => {
      site.project.write(`supabase/migrations/${name}`, 'select 1;');
      const refused = await expectUntouched(site, 2, 'bad_file_name', () => site.migrate({ files: [`supabase/migrations/${name}`] }));
      expect(refused).toContain(`${name} ${what}.`);
      expect(refused).toMatch(/\d{14}_v0_2_0_next\.sql/);
    }),
  );
});
