import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { withShadowServer } from '../../src/shadow/embedded.ts';
import { withClient } from '../../src/target/connection.ts';
import { startEmbedded } from '../../src/target/embedded/server.ts';
import { urlOf } from '../commands/site.ts';
import { runCli, withProject } from '../project.ts';
import { plainServer } from './server.ts';

const { server, shadows: other } = plainServer(17);

/** One folder, three targets: the embedded one, staging and production, on servers that know nothing of each other's roles. */
test('one folder with several targets, owners and servers works in any order, and the embedded rows stay', async () => {
  const on = async (which: 'server' | 'other', sql: string, database = 'postgres') =>
    withClient({ ...(which === 'server' ? server() : other()).superuser, database }, async (client) => (await client.query(sql)).rows);
  for (const [which, owner] of [
    ['server', 'app_stage'],
    ['other', 'app_prod'],
  ] as const) {
    await on(which, `create role ${owner} login password 'pw'`);
    await on(which, `create database crm owner ${owner}`);
  }
  const url = (which: 'server' | 'other', user: string) =>
    urlOf({ ...(which === 'server' ? server() : other()).superuser, user, password: 'pw', database: 'crm' });
  const files = {
    'supabase/migrations/20260102000000_v1_1_0_change.sql': 'create schema app;\ncreate table app.a (id int primary key);\n',
    'supabase/supasnap.toml': '[env.staging]\nurl = "env(STAGING)"\n\n[env.production]\nurl = "env(PRODUCTION)"\n',
  };
  await withProject(files, async (project) => {
    const env = { STAGING: url('server', 'app_stage'), PRODUCTION: url('other', 'app_prod') };
    const run = async (...words: string[]) => {
      const ended = await runCli('supasnap', words, { cwd: project.folder, env });
      expect(ended.exitCode, `${words.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(0);
      return ended.stdout + ended.stderr;
    };
    const embedded = () =>
      startEmbedded({ major: 17, stateFolder: project.path('.supasnap'), name: 'target', searchFrom: [process.cwd()] });
    const kept = async () => withClient((await embedded()).postgres, async (client) => (await client.query('table app.a')).rows);
    try {
      await run('migrate', '--embedded', '--yes');
      await withClient((await embedded()).postgres, (client) => client.query('insert into app.a values (42)'));
      await run('migrate', '--env', 'staging', '--yes');
      await run('migrate', '--env', 'production', '--yes');
      await run('rollback', '--steps', '1', '--env', 'staging', '--yes');

      // The owner is another one since, and the role is gone from its server.
      await on('server', "create role app_next login password 'pw'; grant app_next to postgres");
      await on('server', 'alter database crm owner to app_next; ');
      await on('server', 'reassign owned by app_stage to app_next; drop owned by app_stage; drop role app_stage', 'crm');
      env.STAGING = url('server', 'app_next');
      await run('migrate', '--env', 'staging', '--yes');
      expect(await kept()).toEqual([{ id: 42 }]);

      // What no command made: the shadow is stuck, and is made anew.
      const config = readConfig(project.folder, project.folder);
      await withShadowServer(config, 17, async ({ server: shadow }) => {
        await withClient(shadow.superuser, async (client) => {
          await client.query('create role stray');
          await client.query('create database strays');
        });
        await withClient({ ...shadow.superuser, database: 'strays' }, (client) =>
          client.query('create table t (); alter table t owner to stray'),
        );
      });
      await run('rollback', '--steps', '1', '--env', 'production', '--yes');
      await withShadowServer(config, 17, async ({ server: shadow }) => {
        const { rows } = await withClient(shadow.superuser, (client) => client.query("select from pg_database where datname = 'strays'"));
        expect(rows).toEqual([]);
      });
      await run('rollback', '--steps', '1', '--env', 'staging', '--yes');
      expect(await kept()).toEqual([{ id: 42 }]);
      expect(await run('status', '--embedded')).toContain('20260102000000');
    } finally {
      await run('stop', '--yes');
    }
  });
});
