import { describe, expect, test } from 'vitest';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { urlOf } from '../commands/site.ts';
import { type Project, runCli, withProject } from '../project.ts';
import { type Login, logins, plainMajors, plainServer } from './server.ts';

const first = 'supabase/migrations/20260101000000_v0_1_0_notes.sql';
const second = 'supabase/migrations/20260102000000_v0_2_0_prices.sql';
const files = {
  [first]: `create schema app;
create table app.notes (id int primary key, body text not null, price int);
insert into app.notes values (1, 'one', 10), (2, 'two', 20);
`,
  [second]: `alter table app.notes drop column price;
create function app.size() returns bigint language sql as 'select count(*) from app.notes';
create view app.short with (security_invoker = true) as select id, left(body, 2) as body from app.notes;
create table app.made (id int generated always as identity primary key, note int references app.notes);
grant select on app.made to public;
`,
  'supabase/tests/v0.2.0_smoke_test.sql': "select 'not ok 1 - two notes' from app.notes having count(*) < 2;\n",
};

/** All that are not the server's own. */
const rolesSql = "select rolname, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname !~ '^pg_' order by 1";
const query = (database: ConnectionSettings, sql: string) => withClient(database, async (client) => (await client.query(sql)).rows);

const commands = (project: Project, database: ConnectionSettings) => async (name: string, words: string[]) => {
  const ended = await runCli('supasnap', [name, ...words], { cwd: project.folder, env: { DATABASE_URL: urlOf(database) } });
  expect(ended.exitCode, `${name} ${words.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(0);
  return ended.stdout + ended.stderr;
};

const names = Object.keys(logins) as Login[];

describe.each(plainMajors)('PostgreSQL %i', (major) => {
  const { database, superuser } = plainServer(major);
  const roles = () => query(superuser(), rolesSql);

  test.each(names)('as %s: migrate, test, roll back, edit, migrate; nothing of the platform is made or shown', async (login) => {
    const target = await database(login);
    const before = await roles();
    await withProject(files, async (project) => {
      const run = commands(project, target);
      const told = [await run('migrate', ['--yes']), await run('test', ['v0.2.0'])];
      expect(told[0]).toContain('Rollback proven');
      await query(target, "insert into app.notes values (3, 'three'); insert into app.made (note) values (3)");
      const rollbackFile = project.read('supabase/rollback/20260102000000_rollback.sql');
      told.push(rollbackFile, await run('rollback', ['--steps', '1', '--yes']));
      expect(await query(target, 'select id, body, price from app.notes order by id')).toEqual([
        { id: 1, body: 'one', price: 10 },
        { id: 2, body: 'two', price: 20 },
        { id: 3, body: 'three', price: null },
      ]);
      expect(
        await query(target, "select to_regclass('app.made') as made, to_regclass('app.short') as short, to_regproc('app.size') as size"),
      ).toEqual([{ made: null, short: null, size: null }]);
      project.write(second, files[second]!.replace('drop column price', 'add column due date'));
      told.push(await run('migrate', ['--yes']), await run('status', []), await run('doctor', []), await run('kept', []));
      expect(await query(target, 'select id, price, due from app.notes order by id')).toEqual([
        { id: 1, price: 10, due: null },
        { id: 2, price: 20, due: null },
        { id: 3, price: null, due: null },
      ]);
      expect(told.join('\n')).not.toMatch(/supasnap_platform_rights|supabase_admin|service_role|\banon\b/);
      await run('stop', ['--yes']);
    });
    expect(await roles()).toEqual(before);
    expect(await query(target, "select nspname from pg_namespace where nspname !~ '^pg_' order by 1")).toEqual(
      ['app', 'information_schema', 'public', 'supabase_migrations'].map((nspname) => ({ nspname })),
    );
    expect(
      await query(
        target,
        "select proname from pg_proc where pronamespace = 'supabase_migrations'::regnamespace and proname like '%rights%'",
      ),
    ).toEqual([]);
  });
});

describe('without superuser', () => {
  const { database, superuser } = plainServer(17);

  test('a foreign key that acts on other rows can be quietened once a superuser granted what the refusal names', async () => {
    const target = await database('the owner of the database');
    const keys = {
      [first]: `create table public.teams (id int primary key);
create table public.players (id int primary key, team int references public.teams on update cascade);
insert into public.teams values (1), (2);
insert into public.players values (1, 1), (2, 2);
`,
      [second]: 'update public.teams set id = id + 10;\n',
    };
    const rows = () => query(target, 'select id, team from public.players order by id');
    await withProject(keys, async (project) => {
      const env = { DATABASE_URL: urlOf(target) };
      const migrate = () => runCli('supasnap', ['migrate', '--yes'], { cwd: project.folder, env });
      const { exitCode, stderr } = await migrate();
      expect(exitCode).toBe(3);
      expect(await rows()).toEqual([
        { id: 1, team: 1 },
        { id: 2, team: 2 },
      ]);
      await query(superuser(), /grant set on parameter \w+ to \w+/.exec(stderr)![0]);
      const run = commands(project, target);
      await run('migrate', ['--yes']);
      expect(await rows()).toEqual([
        { id: 1, team: 11 },
        { id: 2, team: 12 },
      ]);
      await run('rollback', ['--steps', '1', '--yes']);
      expect(await rows()).toEqual([
        { id: 1, team: 1 },
        { id: 2, team: 2 },
      ]);
      await run('stop', ['--yes']);
    });
  });

  test('what a superuser began is rehearsed as the login that goes on', async () => {
    const target = await database('the owner of the database');
    const asOwner = "do $$ begin if session_user <> 'app_owner' then raise exception 'as %', session_user; end if; end $$;\n";
    await withProject({ [first]: 'create table public.begun (id int);\n' }, async (project) => {
      await commands(project, { ...superuser(), database: target.database })('migrate', ['--yes']);
      await query(
        { ...superuser(), database: target.database },
        `grant usage on schema supabase_migrations to app_owner; grant select on all tables in schema supabase_migrations to app_owner;
         grant select on public.begun to app_owner`,
      );
      project.write(second, `${asOwner}create table public.goes_on (id int);\n`);
      expect(await commands(project, target)('migrate', ['--dry-run'])).toContain('Rollback proven');
      await commands(project, target)('stop', ['--yes']);
    });
  });
});

describe('beside other things of a server', () => {
  const { database, superuser } = plainServer(17);

  test('roles that are called like those of the platform, and a superuser of another name, are what they are', async () => {
    const target = await database('superuser postgres');
    await query(
      superuser(),
      "create role anon; create role authenticated; create role service_role; create role boss superuser login password 'plain-secret'",
    );
    const before = await query(superuser(), rolesSql);
    for (const user of ['postgres', 'boss']) {
      await withProject(files, async (project) => {
        const run = commands(project, { ...target, user });
        await run('migrate', ['--yes']);
        await run('rollback', ['--steps', '2', '--yes']);
        expect(await query(target, "select to_regnamespace('app') as app")).toEqual([{ app: null }]);
        await run('migrate', ['--yes']);
        expect(await query(target, 'select count(*)::int as notes from app.notes')).toEqual([{ notes: 2 }]);
        await run('rollback', ['--steps', '2', '--yes']);
        await run('stop', ['--yes']);
      });
      await query(target, 'drop schema supabase_migrations cascade');
    }
    expect(await query(superuser(), rolesSql)).toEqual(before);
  });
});
