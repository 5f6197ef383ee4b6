import { cpSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectCode, siteOf, type Site } from '../commands/site.ts';
import { cronDatabase, serverWithExtensions } from '../extensions/server.ts';
import type { UseShadow } from '../../src/shadow/shadows.ts';
import { withProject } from '../project.ts';

/** No job of these runs while the tests do. */
const yearly = '0 0 1 1 *';

const jobs = async (site: Site) =>
  (
    await site.sql<{ is: string }>(
      "select concat_ws(' | ', coalesce(jobname, '-'), schedule, command, database, username, active) as is from cron.job order by coalesce(jobname, '-'), schedule",
    )
  ).map(({ is }) => is);

/** Every queue with its kind, who may use it, its messages, its archive and the number that comes next. */
const queues = async (site: Site) => {
  const found: Record<string, unknown> = {};
  for (const { name } of await site.sql<{ name: string }>('select queue_name as name from pgmq.meta order by 1')) {
    const [rest] =
      await site.sql(`select m.is_unlogged, c.relpersistence, c.relrowsecurity, c.relacl::text, (select last_value from pgmq."q_${name}_msg_id_seq") as number,
      array(select policyname || qual from pg_policies where tablename = 'q_${name}') as policies, array(select to_jsonb(q) from pgmq."q_${name}" q order by msg_id) as messages,
      array(select to_jsonb(a) from pgmq."a_${name}" a order by msg_id) as archive from pgmq.meta m, pg_class c where queue_name = '${name}' and c.oid = 'pgmq."q_${name}"'::regclass`);
    found[name] = rest;
  }
  return found;
};

describe('the real pg_cron, and a stand-in shaped after the documented interface of pgmq', () => {
  const { server, cron, fresh } = serverWithExtensions();
  /** Where no shadow can hold pg_cron: what a command comes to by itself, after it has tried the others. */
  const onTarget =
    (database: string): UseShadow =>
    (_, use) =>
      use({
        kind: 'target',
        name: 'a transaction on the target that was rolled back',
        settings: { ...server().postgres, database },
        ownRoles: [],
        commits: false,
        keep: async () => {},
      });
  const withSite = (
    files: Record<string, string>,
    how: { database?: string; shadow?: 'found'; as?: 'superuser' },
    use: (site: Site) => Promise<void>,
  ) =>
    withProject(Object.fromEntries(Object.entries(files).map(([name, text]) => [`supabase/migrations/${name}`, text])), async (project) => {
      const database = how.database ?? cronDatabase;
      await fresh(database, how.as);
      const own = how.as ? { ...server(), postgres: server().superuser } : server();
      await use(siteOf(own, project, database, how.shadow ? null : onTarget(database)));
    });
  const needsCron = (skip: (why: string) => void) =>
    cron() ? undefined : skip('no pg_cron: SUPASNAP_PG_CRON names no package (see .ci/run)');

  test('jobs that a migration schedules, changes and unschedules are as before after its rollback, and as users had them when it is applied again; theirs stay', async ({
    skip,
  }) => {
    needsCron(skip);
    await withSite(
      {
        '20260102000000_v0_2_0_jobs.sql': `select cron.schedule('made', '${yearly}', 'select 1'), cron.schedule('unwanted', '${yearly}', 'select 2'), cron.schedule('${yearly}', 'select ''no name''');
select cron.unschedule('old');
select cron.alter_job((select jobid from cron.job where jobname = 'changed'), schedule := '1 0 1 1 *', active := false);`,
      },
      { shadow: 'found' },
      async (site) => {
        await site.sql(
          `select cron.schedule('old', '${yearly}', 'select ''old'''), cron.schedule('changed', '${yearly}', 'select ''changed'''), cron.schedule('theirs', '${yearly}', 'select ''theirs''')`,
        );
        await site.sql(`select cron.schedule_in_database('elsewhere', '${yearly}', 'select 1', 'postgres', null, false)`);
        await expect(site.sql('update cron.job set active = false')).rejects.toThrow('permission denied');
        const before = await jobs(site);
        const applied = expectCode(await site.migrate(), 0);
        expect(applied.told).toContain('Rehearsing in a transaction on the target');
        expect(applied.told).toContain('It unschedules job old, changes job changed, schedules job made');
        expect(readFileSync(site.project.path('supabase/rollback/20260102000000_rollback.sql'), 'utf8')).toContain(
          'it schedules job made: "npx supasnap rollback" alone undoes that',
        );
        expect(await jobs(site)).not.toEqual(before);
        await site.sql(
          `select cron.schedule('made', '2 0 1 1 *', 'select ''users'''), cron.unschedule('unwanted'), cron.schedule('since', '${yearly}', 'select 3')`,
        );
        const after = await jobs(site);

        const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
        expect(told).toContain('job made: users changed it since; it comes back as they had it when the migration is applied again');
        expect(told).toContain('Removes job made.');
        expect(told).toContain('job old is back');
        expect(await jobs(site)).toEqual([...before, `since | ${yearly} | select 3 | with_jobs | postgres | t`].sort());

        expectCode(await site.migrate(), 0);
        expect(await jobs(site)).toEqual(after);
      },
    );
  });

  test('queues that a migration makes and drops are as before after its rollback, with their messages, and so are they when it is applied again; those of users stay', () =>
    withSite(
      {
        '20260102000000_v0_2_0_queues.sql': `create table public.tags (id int primary key);
select pgmq.create('made'), pgmq.create_unlogged('fast');
select pgmq.send('made', '{"first": true}');
select pgmq.drop_queue('old');
alter table pgmq.q_theirs enable row level security;
select pgmq.purge_queue('purged');
select pgmq.drop_queue('anew');
select pgmq.create_unlogged('anew');`,
      },
      { database: 'with_queues' },
      async (site) => {
        await site.sql("select pgmq.create('old'), pgmq.create('theirs')");
        await site.sql(
          'alter table pgmq.q_old enable row level security; create policy readable on pgmq.q_old for select to authenticated using (msg_id > 0); grant select on pgmq.q_old to authenticated',
        );
        await site.sql("select pgmq.create('purged'), pgmq.create('anew')");
        await site.sql(`select pgmq.send('purged', '{"n": 1}'), pgmq.send('purged', '{"n": 2}'), pgmq.send('anew', '{"n": 1}')`);
        await site.sql(`select pgmq.send('old', '{"n": 1}'), pgmq.send('old', '{"n": 2}', 3600), pgmq.send('theirs', '{"n": 3}')`);
        await site.sql("select pgmq.read('old', 0, 1)");
        await site.sql("select pgmq.archive('old', 1)");
        // As on a project that was paused.
        for (const table of ['q_old', 'a_old', 'q_theirs', 'a_theirs']) await site.sql(`alter extension pgmq drop table pgmq.${table}`);
        const before = await queues(site);
        expectCode(await site.migrate(), 0);
        expect(Object.keys(await queues(site))).toEqual(['anew', 'fast', 'made', 'purged', 'theirs']);
        await site.sql(`select pgmq.send('made', '{"since": true}'), pgmq.send('fast', '{}')`);
        await site.sql("select pgmq.archive('made', 1)");
        await site.sql("select pgmq.create('since')");
        const { since, ...after } = await queues(site);

        const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
        expect(told).toContain('Removes queue made with 1 message (kept).');
        expect(told).toContain('queue made removed; kept with its messages');
        expect(told).toContain('pgmq.q_old: 1 message put back');
        expect(told).toContain('pgmq.q_purged: 2 messages put back');
        expect(told).not.toContain('users changed');
        expect(await queues(site)).toEqual({ ...before, since });

        expectCode(await site.migrate(), 0);
        expect(await queues(site)).toEqual({ ...after, since });
        expect(await site.sql("select pgmq.send('made', '{}')")).toEqual([{ send: '3' }]);
      },
    ));

  test('a scratch database holds the queues of the target, so that migrations which drop some are proven there by pg_dump too; those of a file in steps come back as well', () =>
    withSite(
      {
        '20260102000000_v0_2_0_queues.sql':
          "select pgmq.drop_queue('old'); select pgmq.create('made'); create table public.tags (id int primary key); select pgmq.drop_queue('kind'); select pgmq.create_unlogged('kind');",
        '20260103000000_v0_3_0_steps.sql':
          "-- supasnap: transaction=off\nselect pgmq.create('stepped');\nselect pgmq.send('stepped', '{}');\nselect pgmq.drop_queue('second');\nselect pgmq.drop_queue('stepped');\nselect pgmq.create_unlogged('stepped');\n",
      },
      { database: 'with_scratch', shadow: 'found', as: 'superuser' },
      async (site) => {
        await site.sql(
          "select pgmq.create('old'); alter table pgmq.q_old enable row level security; select pgmq.send('old', '{}'); select pgmq.create('second'); select pgmq.send('second', '{}'); select pgmq.create('kind')",
        );
        const before = await queues(site);
        const { told } = expectCode(await site.migrate(), 0);
        expect(told.match(/Rollback proven: .* scratch database .* by facts and by pg_dump/g)).toHaveLength(2);
        expect(Object.keys(await queues(site))).toEqual(['kind', 'made', 'stepped']);
        expectCode(await site.rollback({ steps: 2 }), 0);
        expect(await queues(site)).toEqual(before);
      },
    ));

  test('a snapshot restores into a fresh project with its jobs, queues and buckets; what is there already stays, and the rollback of that takes them away again', () =>
    withSite(
      {
        '20260102000000_v0_2_0_all.sql':
          "create table public.tags (id int primary key); insert into storage.buckets (id, name, public, file_size_limit) values ('avatars', 'avatars', true, 100);",
      },
      {},
      async (site) => {
        await site.sql(
          "select pgmq.create('mail'), pgmq.create_unlogged('fast'); alter table pgmq.q_mail enable row level security; create policy readable on pgmq.q_mail for select to authenticated using (msg_id > 0)",
        );
        if (cron())
          await site.sql(
            `select cron.schedule('nightly', '${yearly}', 'select 1'), cron.schedule('${yearly}', 'select ''no name'''), cron.schedule_in_database('off', '${yearly}', 'select 1', 'with_jobs', null, false)`,
          );
        expectCode(await site.migrate(), 0);
        const read = async (one: Site) => ({
          jobs: cron() ? await jobs(one) : [],
          queues: await queues(one),
          buckets: await one.sql('select id, public, file_size_limit from storage.buckets order by id'),
        });
        const held = await read(site);
        await withSite({}, {}, async (other) => {
          cpSync(site.project.path('supabase/snapshots'), other.project.path('supabase/snapshots'), { recursive: true });
          await other.sql("insert into storage.buckets (id, name) values ('theirs', 'theirs')");
          const empty = await read(other);
          const { told } = expectCode(await other.rollback({ to: 'supabase/snapshots/v0.2.0_20260102000000_after.sql' }), 0);
          expect(told).toContain('queue mail (without its messages)');
          const restored = await read(other);
          expect(restored).toEqual({ ...held, buckets: [...held.buckets, ...empty.buckets] });
          const [{ id }] = (await other.sql<{ id: string }>(
            "select name as id from supabase_migrations.supasnap_snapshots where name !~ '_after$' order by id limit 1",
          )) as [{ id: string }];
          expectCode(await other.rollback({ to: id }), 0);
          expect(await read(other)).toEqual(empty);
        });
      },
    ));
});
