import { expect, test } from 'vitest';
import { testServer, withDatabase } from '../postgres/database.ts';
import { type CliResult, runCli, withProject } from '../project.ts';

const files = { 'supabase/migrations/20260101000000_v0_1_0_notes.sql': 'create table public.notes (id int primary key);\n', 'supabase/tests/v0.1.0_smoke_test.sql': 'select 1;\n' };

test('no output ever holds the password: not of a run, not of a mistake, not with --debug, nor any file', () =>
  withDatabase(17, (database) =>
    withProject(files, async (project) => {
      const { password } = database.settings;
      const coded = 'p%40ss-Unique%2F4711';
      const server = testServer(17);
      const plain = decodeURIComponent(coded);
      const said: CliResult[] = [];
      const run = async (name: string, words: string[], env = {}) => said.push(await runCli(name, words, { cwd: project.folder, env }));
      await run('db-migrate', ['--yes', '--debug', `--remote=${database.url}`]);
      await run('db-status', ['--debug', '--output-format', 'json'], { DATABASE_URL: database.url });
      await run('db-test', ['--debug'], { SUPABASE_DB_URL: database.url });
      await run('db-rollback', ['--list', '--output-format', 'json'], { DATABASE_URL: database.url });
      await run('db-rollback', ['nothing', '--debug', `--db-url=${database.url}`]);
      await run('db-doctor', ['--debug'], { DATABASE_URL: database.url });
      expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 2, 0]);
      const wrong = [
        `postgresql://somebody:${coded}@127.0.0.1:${server.port}/not_there`,
        `postgresql://nobody_known:${coded}@127.0.0.1:${server.port}/${database.name}`,
        `postgresql://somebody:${coded}@127.0.0.1:1/${database.name}`,
        `postgresql://somebody:${coded}@host.invalid/${database.name}`,
        `postgresql://somebody:${plain}@127.0.0.1:${server.port}/${database.name}`,
        `mysql://somebody:${coded}@127.0.0.1/x`,
      ];
      for (const url of wrong) await run('db-status', ['--debug', `--remote=${url}`]);
      for (const { exitCode } of said.slice(6)) expect([1, 2]).toContain(exitCode);
      await run('db-status', ['--debug'], { PGHOST: '127.0.0.1', PGPORT: '1', PGUSER: 'x', PGPASSWORD: plain });

      const output = said.map(({ stdout, stderr }) => stdout + stderr).join('\n');
      for (const secret of [password!, plain, coded]) expect(output).not.toContain(secret);
      const written = ['snapshots', 'rollback', 'docs'].flatMap((folder) => project.list(`supabase/${folder}`).map((name) => project.read(`supabase/${folder}/${name}`))).join('\n');
      expect(written).not.toContain(password!);
    }),
  ));
