import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { type CliResult, type Project, runCli, withProject } from '../project.ts';

/** Each runs a dozen real commands. */
vi.setConfig({ testTimeout: 400_000 });

const example = fileURLToPath(new URL('../../supabase/', import.meta.url));
const baseline = '20251026211500';
const seed = '20251026213000';
const collaboration = '20251027140000';

/** The example project in a folder of its own, on an embedded server of its own. */
const withExample = (use: (project: Project, run: (name: string, ...words: string[]) => Promise<string>) => Promise<void>) =>
  withProject({}, async (project) => {
    for (const folder of ['migrations', 'tests']) cpSync(`${example}${folder}`, project.path(`supabase/${folder}`), { recursive: true });
    try {
      await use(project, async (name, ...words) => said(await runCli(name, [...words, '--embedded'], { cwd: project.folder }), 0));
    } finally {
      await stopEmbedded({ stateFolder: project.path('.supasnap'), name: 'target' });
    }
  });

/** Standard output and error, when the exit code is that one. */
function said({ exitCode, stdout, stderr }: CliResult, code: number): string {
  const text = `${stderr}\n${stdout}`;
  if (exitCode !== code) throw new Error(`Exit code ${exitCode} instead of ${code}.\n${text}`);
  return text;
}

const tables = async (project: Project): Promise<number> => {
  const server = await startEmbedded({ major: 17, stateFolder: project.path('.supasnap'), name: 'target', searchFrom: [process.cwd()] });
  const { rows } = await withClient(server.postgres, (client) =>
    client.query<{ count: number }>("select count(*)::int as count from pg_tables where schemaname = 'public'"),
  );
  return rows[0]!.count;
};

test('the whole story on the embedded server: apply, test, list, roll back to the start, apply again', () =>
  withExample(async (project, run) => {
    const first = await run('db-migrate', '--yes');
    expect(first).toMatch(/^Target: embedded PostgreSQL /);
    expect(first).toContain('v0.8.0 smoke test: ');
    expect(await tables(project)).toBeGreaterThan(30);
    expect(await run('db-test')).toContain('v0.8.0');
    const names = [baseline, seed, collaboration].flatMap((version) => {
      const name = `${version === collaboration ? 'v0.8.0' : 'v0.7.0'}_${version}`;
      return [name, `${name}_after`];
    });
    const snapshots = () => project.list('supabase/snapshots').filter((name) => name.endsWith('.sql'));
    expect(snapshots()).toEqual(names.map((name) => `${name}.sql`));
    for (const version of [baseline, seed, collaboration])
      expect(project.read(`supabase/rollback/${version}_rollback.sql`)).toContain('-- Proof: migrated and rolled back on ');
    const list = await run('db-rollback', '--list');
    for (const name of names) expect(list).toMatch(new RegExp(`^${name} .* folder and target$`, 'm'));
    expect(await run('db-migrate', '--yes')).toContain('Nothing to apply');

    const back = await run('db-rollback', `v0.7.0_${baseline}`, '--yes');
    expect(back).toMatch(/^Undoes: \d{14}, \d{14}, \d{14}$/m);
    expect(await tables(project)).toBe(0);
    expect(project.read(`supabase/snapshots/${snapshots().find((name) => /^rollback_\d{14}_after\.sql$/.test(name))}`)).toBe(
      project.read(`supabase/snapshots/v0.7.0_${baseline}.sql`),
    );

    const again = await run('db-migrate', '--yes');
    expect(again).toContain('v0.8.0 smoke test: ');
    expect(snapshots().filter((name) => /\.\d+\.sql$/.test(name))).toEqual([]);
    expect(project.read('supabase/docs/MIGRATIONS.md')).toContain('rolled back');
    expect(await run('db-status', '--exit-code')).toContain(collaboration);
  }));

const small = {
  'supabase/migrations/20260101000000_v0_1_0_notes.sql': 'create table public.notes (id int primary key, body text);\n',
  'supabase/migrations/20260102000000_v0_2_0_tags.sql': 'create table public.tags (id int primary key);\n',
};

test('a lost clone takes nothing away: another one rolls back with what the database keeps', () =>
  withProject(small, async (home) => {
    const server = await startEmbedded({ major: 17, stateFolder: home.path('.supasnap'), name: 'target', searchFrom: [process.cwd()] });
    const { ensurePlatform } = await import('../../src/target/embedded/platform.ts');
    await ensurePlatform(server);
    const { user, password, host, port } = server.postgres;
    const env = { DATABASE_URL: `postgresql://${user}:${password}@${host}:${port}/postgres` };
    try {
      await withProject(small, async (lost) => said(await runCli('db-migrate', ['--yes'], { cwd: lost.folder, env }), 0));
      await withProject(small, async (clone) => {
        expect(clone.exists('supabase/snapshots')).toBe(false);
        said(await runCli('db-rollback', ['v0.1.0', '--yes'], { cwd: clone.folder, env }), 0);
        const { rows } = await withClient(server.postgres, (client) =>
          client.query("select tablename from pg_tables where schemaname = 'public'"),
        );
        expect(rows).toEqual([{ tablename: 'notes' }]);
        said(await runCli('db-migrate', ['--yes'], { cwd: clone.folder, env }), 0);
      });
    } finally {
      await stopEmbedded(server);
    }
  }));

test('snapshots: a copy when nothing changed, .2 when it differs, and refused by name when edited by hand', () =>
  withProject(small, async (project) => {
    const run = async (code: number, name: string, ...words: string[]) =>
      said(await runCli(name, [...words, '--embedded'], { cwd: project.folder }), code);
    const snapshot = (name: string) => `supabase/snapshots/${name}.sql`;
    const [after, before] = ['v0.1.0_20260101000000_after', 'v0.2.0_20260102000000'];
    try {
      await run(0, 'db-migrate', '--yes');
      expect(project.read(snapshot(before))).toBe(project.read(snapshot(after)));
      expect(project.read(snapshot('v0.1.0_20260101000000'))).not.toBe(project.read(snapshot(after)));

      await run(0, 'db-rollback', '--steps', '1', '--yes');
      const server = await startEmbedded({
        major: 17,
        stateFolder: project.path('.supasnap'),
        name: 'target',
        searchFrom: [process.cwd()],
      });
      await withClient(server.postgres, (client) => client.query('alter table public.notes add column extra text'));
      const drifted = await run(0, 'db-migrate', '--yes');
      expect(drifted).toContain('changed by other means');
      expect(project.read(snapshot(`${before}.2`))).toContain('extra text');
      expect(project.read(snapshot(before))).not.toContain('extra text');

      project.write(snapshot(`${before}.2`), `${project.read(snapshot(`${before}.2`))}-- edited\n`);
      const refused = await run(3, 'db-rollback', before, '--yes');
      expect(refused).toContain(`${before}.2.sql is not what was written`);
      rmSync(project.path(snapshot(`${before}.2`)));
      await run(0, 'db-rollback', before, '--yes');
    } finally {
      await stopEmbedded({ stateFolder: project.path('.supasnap'), name: 'target' });
    }
  }));
