import { chmodSync, renameSync, truncateSync } from 'node:fs';
import { expect } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { lockKey } from '../../src/target/lock.ts';
import { first, notes, places, second } from './places.ts';

const helps = places(17);
const withNotes = { [first]: notes };
const drop = { ...withNotes, [second]: 'alter table public.notes drop column body;\n' };

// The call
helps('wrong_arguments', 'one goal is given', withNotes, async ({ next, ok }) => {
  await ok(['migrate']);
  expect(await next(['rollback', 'v0.1.0', '--steps', '1'])).toBe('Give one of them.');
  await ok(['rollback', '--steps', '1']);
});

helps(
  'bad_config',
  'the setting is written as the list has it',
  { 'supabase/supasnap.toml': 'lock_timeuot = "5s"\n' },
  async ({ project, next, ok }) => {
    const told = await next(['status']);
    project.write('supabase/supasnap.toml', `${/lock_timeout/.exec(told)![0]} = "5s"\n`);
    await ok(['status']);
  },
);

helps(
  'bad_target',
  'the environment is called as suggested',
  { 'supabase/supasnap.toml': '[env.staging]\nurl = "env(STAGING)"\n' },
  async ({ url, next, ok }) => {
    const env = { STAGING: url, DATABASE_URL: undefined };
    const [, name] = /--env (\w+)/.exec(await next(['status', '--env', 'stagin'], env))!;
    await ok(['status', '--env', name!], env);
  },
);

// Files
helps('file_missing', 'the file is put there', withNotes, async ({ project, next, ok }) => {
  const words = ['repair', '--applied', '20260102000000'];
  await ok(['migrate']);
  expect(await next(words)).toContain('Put it there');
  project.write(second, 'select 1;\n');
  await ok(words);
});

helps('file_exists', 'another file is named', drop, async ({ project, next, ok }) => {
  await ok(['migrate']);
  const copy = (await ok(['kept']))[0]!;
  project.write('rows.csv', 'mine');
  const told = await next(['kept', 'export', copy.id, '--out', 'rows.csv']);
  expect(told).toContain('--out <file>');
  await ok(['kept', 'export', copy.id, '--out', 'others.csv']);
  expect(project.read('rows.csv')).toBe('mine');
});

helps('file_too_large', 'the rows go into a file of their own', {}, async ({ project, next, ok, sql }) => {
  project.write(first, notes);
  truncateSync(project.path(first), 70_000_000);
  expect(await next(['migrate'])).toMatch(/Keep the schema in the migration and load the rows/);
  project.write(first, 'create table public.notes (id int primary key, body text);\n');
  await ok(['migrate']);
  await sql(notes.split('\n')[1]!);
});

helps('bad_file_name', 'it is renamed as suggested', {}, async ({ project, next, ok }) => {
  project.write('supabase/migrations/20260101000000_v0.1.0_notes.sql', notes);
  const [name] = /\S+\.sql/.exec(await next(['migrate', 'supabase/migrations/20260101000000_v0.1.0_notes.sql']))!;
  renameSync(project.path('supabase/migrations/20260101000000_v0.1.0_notes.sql'), project.path(`supabase/migrations/${name}`));
  expect((await ok(['migrate'])).applied).toHaveLength(1);
});

helps('bad_sql', 'it is saved as UTF-8', {}, async ({ project, next, ok }) => {
  project.write(first, Buffer.from(`-- caf\xe9\n${notes}`, 'latin1'));
  expect(await next(['migrate'])).toContain('Save it as UTF-8');
  project.write(first, `-- café\n${notes}`);
  await ok(['migrate']);
});

helps('transaction_control', 'it is taken out', { [first]: `${notes}rollback;\n` }, async ({ project, next, ok }) => {
  expect(await next(['migrate'])).toContain('Take it out of the file');
  project.write(first, notes);
  await ok(['migrate']);
});

helps('edited', 'the edit is undone', withNotes, async ({ project, next, ok }) => {
  await ok(['migrate']);
  project.write(first, `${notes}create table public.more (id int);\n`);
  project.write(second, 'create table public.tags (id int);\n');
  const told = await next(['migrate']);
  expect(told).toContain('--allow-edited');
  expect(told).toContain('Undo the edit');
  project.write(first, notes);
  await ok(['migrate']);
});

helps('out_of_order', 'it is applied all the same', { [second]: notes }, async ({ project, next, ok, sql }) => {
  await ok(['migrate']);
  project.write(first, 'create table public.tags (id int);\n');
  expect(await next(['migrate'])).toContain('--include-all');
  await ok(['migrate', '--include-all']);
  expect(await sql("select to_regclass('public.tags') as made")).toEqual([{ made: 'tags' }]);
});

// The connection
helps('connection_failed', 'the port is put right', {}, async ({ url, next, ok }) => {
  expect(await next(['status'], { DATABASE_URL: url.replace(/:\d+\//, ':1/') })).toContain('Check host and port');
  await ok(['status']);
});

helps('login_failed', 'the password is put right', {}, async ({ url, next, ok }) => {
  expect(await next(['status'], { DATABASE_URL: url.replace(/:[^:@]+@/, ':wrong@') })).toContain('password in DATABASE_URL');
  await ok(['status']);
});

helps('tls_failed', 'encryption is left out where the network is safe', {}, async ({ url, next, ok }) => {
  const [words] = /sslmode=disable/.exec(await next(['status'], { DATABASE_URL: `${url}?sslmode=require` }))!;
  await ok(['status'], { DATABASE_URL: `${url}?${words}` });
});

helps('server_busy', 'idle sessions are ended', {}, async ({ database, superuser, next, ok }) => {
  await withClient(superuser, (client) => client.query(`alter database "${database.database}" connection limit 1`));
  await withClient(database, async () => expect(await next(['status'])).toContain('end idle sessions'));
  await withClient(superuser, (client) => client.query(`alter database "${database.database}" connection limit -1`));
  await ok(['status']);
});

helps(
  'connection_lost',
  'the command is run again',
  { ...withNotes, 'supabase/tests/v0.1.0_smoke_test.sql': 'select 1;\n' },
  async ({ project, next, ok }) => {
    await ok(['migrate']);
    project.write('supabase/tests/v0.1.0_smoke_test.sql', 'select pg_terminate_backend(pg_backend_pid());\n');
    expect(await next(['test', 'v0.1.0'])).toContain('Run the command again');
    project.write('supabase/tests/v0.1.0_smoke_test.sql', 'select 1;\n');
    await ok(['test', 'v0.1.0']);
  },
);

helps('platform_failed', 'the URL is passed', {}, async ({ url, next, ok }) => {
  const env = { DATABASE_URL: undefined, SUPABASE_ACCESS_TOKEN: `sbp_${'0'.repeat(40)}`, SUPABASE_API_URL: 'http://127.0.0.1:1' };
  expect(await next(['status', '--remote=abcdefghijklmnopqrst'], env)).toContain('pass the URL yourself');
  await ok(['status', `--remote=${url}`], env);
});

helps('not_writable', 'the statement is run', withNotes, async ({ database, superuser, next, ok }) => {
  await withClient(superuser, (client) => client.query(`alter database "${database.database}" set default_transaction_read_only = on`));
  const [statement] = /alter database "\w+" set default_transaction_read_only = off/.exec(await next(['migrate']))!;
  await withClient(superuser, (client) => client.query(`set transaction_read_only = off; ${statement}`));
  await ok(['migrate']);
});

helps('unsupported_version', 'the bundled program is used', withNotes, async ({ project, next, ok }) => {
  project.write('bin/pg_dump', "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n");
  chmodSync(project.path('bin/pg_dump'), 0o755);
  const env = { PATH: `${project.path('bin')}:${process.env.PATH}` };
  const told = await next(['migrate', '--pg-dump', 'native'], env);
  await ok(['migrate', ...told.match(/--pg-dump bundled/)![0].split(' ')], env);
});

// At work on the server
helps('missing_rights', 'the right is granted', withNotes, async ({ database, superuser, url, next, ok }) => {
  await withClient(superuser, (client) =>
    client.query(`create role limited login password 'limited-1'; alter database "${database.database}" owner to limited;
      drop schema supabase_migrations cascade; alter schema public owner to limited; create table public.closed (id int)`),
  );
  const env = { DATABASE_URL: url.replace(/\/\/[^@]*@/, '//limited:limited-1@') };
  expect(await next(['migrate'], env)).toContain('GRANT SELECT on it');
  await withClient(superuser, (client) => client.query('grant select on public.closed to limited'));
  await ok(['migrate'], env);
});

helps(
  'sql_failed',
  'the file is corrected',
  { [first]: 'create table public.notes (id int);\nselect nothing_there;\n' },
  async ({ project, next, ok }) => {
    expect(await next(['migrate'])).toContain('Correct the file and run the same command again');
    project.write(first, notes);
    await ok(['migrate']);
  },
);

helps('locked', 'it waits longer', withNotes, async ({ database, next, ok }) => {
  await withClient(database, async (client) => {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    expect(await next(['migrate'])).toContain('--lock-wait <time>');
    setTimeout(() => void client.query('select pg_advisory_unlock($1)', [lockKey]), 1500);
    await ok(['migrate', '--lock-wait', '60s']);
  });
});

helps(
  'lock_timeout',
  'the session that blocks is ended',
  { ...withNotes, 'supabase/supasnap.toml': 'lock_timeout = "200ms"\n' },
  async ({ project, database, next, ok }) => {
    await ok(['migrate']);
    project.write(second, 'alter table public.notes add column due date;\n');
    await withClient(database, async (client) => {
      await client.query('begin; lock table public.notes in access exclusive mode');
      expect(await next(['migrate'])).toContain('end the sessions that block');
    });
    await ok(['migrate']);
  },
);

// Asked before a change
const production = { 'supabase/supasnap.toml': '[env.production]\nurl = "env(PRODUCTION)"\nprotected = true\n' };
helps('protected_target', 'it is named', { ...withNotes, ...production }, async ({ url, next, ok }) => {
  const env = { PRODUCTION: url };
  const words = /--env production --yes/.exec(await next(['migrate'], env))![0].split(' ');
  await ok(['migrate', ...words], env);
});

helps(
  'outside_window',
  'it goes on with a reason',
  { ...withNotes, 'supabase/supasnap.toml': '[env.production]\nurl = "env(PRODUCTION)"\nwindow = "Mon 03:00-03:01 UTC"\n' },
  async ({ url, next, ok }) => {
    const env = { PRODUCTION: url };
    expect(await next(['migrate', '--env', 'production'], env)).toContain('--override "<reason>"');
    await ok(['migrate', '--env', 'production', '--override', 'the disk fills up'], env);
  },
);
