import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { testServer, withDatabase } from '../postgres/database.ts';
import { type CliResult, runCli, withProject } from '../project.ts';

const files = {
  'supabase/migrations/20260101000000_v0_1_0_notes.sql': 'create table public.notes (id int primary key);\n',
  'supabase/tests/v0.1.0_smoke_test.sql': 'select 1;\n',
};

const notLinux = process.platform !== 'linux';

test.skipIf(notLinux)(
  `no process list ever shows the password, whichever pg_dump runs, and the database does not hold it${notLinux ? ' (looked at under Linux only)' : ''}`,
  () =>
    withDatabase(17, (database) =>
      withProject({ ...files, 'supabase/supasnap.toml': 'pg_dump = "native"\n' }, async (project) => {
        // Stands for an installed pg_dump: notes which words all processes of the machine were called with, and gives up.
        project.write(
          'bin/pg_dump',
          `#!/bin/sh\ncase "$1" in --version) echo "pg_dump (PostgreSQL) 99.1"; exit;; esac\nfor f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; echo; done > '${project.path('list')}' 2>/dev/null\nexit 1\n`,
        );
        chmodSync(project.path('bin/pg_dump'), 0o755);
        const env = { PATH: `${project.path('bin')}:${process.env.PATH}` };
        const { password } = database.settings;
        const native = await runCli('db-migrate', ['--yes', `--remote=${database.url}`], { cwd: project.folder, env });
        expect(native.exitCode).toBe(1);
        const list = project.read('list');
        expect(list).toContain('pg_dump --schema-only');
        expect(list).toMatch(/^db-migrate *$/m);
        expect(list).not.toContain(password);

        project.write('supabase/supasnap.toml', 'pg_dump = "bundled"\n');
        const seen = new Set<string>();
        const looking = setInterval(() => lookAtProcesses(seen), 20);
        const bundled = await runCli('db-migrate', ['--yes'], { cwd: project.folder, env: { DATABASE_URL: database.url } });
        clearInterval(looking);
        expect(bundled.exitCode).toBe(0);
        expect([...seen].some((words) => words.startsWith('db-migrate'))).toBe(true);
        expect([...seen].filter((words) => words.includes(password!))).toEqual([]);
        await withClient(database.settings, async (client) => {
          const { rows } = await client.query<{ relation: string }>(
            "select oid::regclass::text as relation from pg_class where relnamespace = 'supabase_migrations'::regnamespace and relkind = 'r'",
          );
          expect(rows.length).toBeGreaterThan(3);
          for (const { relation } of rows)
            expect((await client.query(`select from ${relation} t where strpos(t::text, $1) > 0`, [password])).rowCount).toBe(0);
          const { rows: states } = await client.query<{ sql_gz: Buffer; facts_gz: Buffer }>(
            'select sql_gz, facts_gz from supabase_migrations.supasnap_states',
          );
          for (const { sql_gz, facts_gz } of states) expect(`${gunzipSync(sql_gz)}${gunzipSync(facts_gz)}`).not.toContain(password);
        });
      }),
    ),
);

function lookAtProcesses(seen: Set<string>): void {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      seen.add(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // It has ended meanwhile.
    }
  }
}

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
      const written = ['snapshots', 'rollback', 'docs']
        .flatMap((folder) => project.list(`supabase/${folder}`).map((name) => project.read(`supabase/${folder}/${name}`)))
        .join('\n');
      expect(written).not.toContain(password!);
    }),
  ));
