import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { expectCode, siteOf, type Site } from '../commands/site.ts';
import { cronDatabase, serverWithExtensions } from '../extensions/server.ts';
import { withProject } from '../project.ts';

const never = '0 0 1 1 *';
const jobs = async (site: Site) =>
  (await site.sql<{ is: string }>("select concat_ws(' | ', coalesce(jobname, '-'), schedule, command, database, username, active) as is from cron.job order by coalesce(jobname, '-'), schedule")).map(({ is }) => is);

describe('jobs of the real pg_cron', () => {
  const { server, cron, fresh } = serverWithExtensions();
  const withSite = (files: Record<string, string>, use: (site: Site) => Promise<void>) =>
    withProject(Object.fromEntries(Object.entries(files).map(([name, text]) => [`supabase/migrations/${name}`, text])), async (project) => {
      await fresh(cronDatabase);
      await use(siteOf(server(), project, cronDatabase, null));
    });

  test('x', async ({ skip }) => {
    if (!cron()) skip('pg_cron could not be had');
    await withSite(
      {
        '20260101000000_v0_1_0_base.sql': 'create table public.notes (id int primary key)',
        '20260102000000_v0_2_0_jobs.sql': `create table public.tags (id int primary key);
select cron.schedule('made', '${never}', 'select 1');
select cron.schedule('${never}', 'select 2');
select cron.unschedule('old');
select cron.alter_job((select jobid from cron.job where jobname = 'changed'), schedule := '1 0 1 1 *', active := false);`,
      },
      async (site) => {
        await site.sql(`select cron.schedule('old', '${never}', 'select ''old'''), cron.schedule('changed', '${never}', 'select ''changed'''), cron.schedule('theirs', '${never}', 'select ''theirs''')`);
        const before = await jobs(site);
        console.log(before);
        const m = await site.migrate();
        console.log(m.told);
        expectCode(m, 0);
        console.log(await jobs(site));
        console.log(await site.sql('select relation, item->>\'fate\' as fate, rows from supabase_migrations.supasnap_kept'));
        const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
        console.log(told, await jobs(site));
        expect(await jobs(site)).toEqual(before);
      },
    );
  });
});
