import { rmSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import { base, expectCode, type Site, sites } from '../commands/site.ts';
import { mostly } from '../postgres/database.ts';

const [second, third] = ['20260102000000', '20260103000000'];
const files = {
  [`${second}_v0_2_0_tags.sql`]: 'create table public.tags (id int primary key);\n',
  [`${third}_v0_3_0_links.sql`]: 'create table public.links (id int primary key);\n',
};
const first = base.slice(0, 14);

describe.each(mostly(17))('the Supabase CLI and we agree, on PostgreSQL %i', (major) => {
  const { withBase, withNothing } = sites(major, { bare: true });

  test('after each migrate and each rollback, on what is applied', () =>
    withBase(files, async (site) => {
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first] });
      expectCode(await site.migrate({ files: [`${second}_v0_2_0_tags.sql`] }), 0);
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first, second] });
      expectCode(await site.migrate(), 0);
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first, second, third] });
      expectCode(await site.rollback({ to: 'v0.1.0' }), 0);
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first] });
      expectCode(await site.migrate(), 0);
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first, second, third] });
    }));

  test('what migration up applied, we see as applied, and both go on from there', () =>
    withBase(files, async (site) => {
      await cli(site, 'migration', 'up', '--yes');
      const migrated = expectCode(await site.migrate(), 0);
      expect(migrated.value?.applied).toEqual([]);
      site.project.write('supabase/migrations/20260104000000_v0_4_0_more.sql', 'create table public.more (id int primary key);\n');
      const more = expectCode(await site.migrate(), 0);
      expect(more.told).toContain('changed by other means');
      expect(more.value?.applied.map(({ version }) => version)).toEqual(['20260104000000']);
      expect((await listed(site)).remote).toEqual([first, second, third, '20260104000000']);
      expect(
        await site.sql(
          `select version, name, array_length(statements, 1) as statements from supabase_migrations.schema_migrations order by 1`,
        ),
      ).toEqual([
        { version: first, name: 'v0_1_0_base', statements: 3 },
        { version: second, name: 'v0_2_0_tags', statements: 1 },
        { version: third, name: 'v0_3_0_links', statements: 1 },
        { version: '20260104000000', name: 'v0_4_0_more', statements: 1 },
      ]);
    }));

  test('a migration marked as reverted is applied again, and one marked as applied is not', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      await cli(site, 'migration', 'repair', '--status', 'reverted', third!, '--yes');
      await site.sql('drop table public.links');
      const again = expectCode(await site.migrate(), 0);
      expect(again.value?.applied.map(({ version }) => version)).toEqual([third]);
      site.project.write('supabase/migrations/20260104000000_v0_4_0_never.sql', 'create table public.never (id int);\n');
      await cli(site, 'migration', 'repair', '--status', 'applied', '20260104000000', '--yes');
      expect(expectCode(await site.migrate(), 0).value?.applied).toEqual([]);
      expect(await site.sql("select to_regclass('public.never') as never")).toEqual([{ never: null }]);
      expect((await listed(site)).remote).toEqual([first, second, third, '20260104000000']);
    }));

  test('a database that only the CLI ever migrated is taken over as it is', () =>
    withNothing({ [base]: 'create table public.notes (id int primary key);\n', ...files }, async (site) => {
      await cli(site, 'migration', 'up', '--yes');
      expect(expectCode(await site.migrate(), 0).value?.applied).toEqual([]);
      site.project.write('supabase/migrations/20260104000000_v0_4_0_more.sql', 'create table public.more (id int primary key);\n');
      expectCode(await site.migrate(), 0);
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await listed(site)).toEqual({ local: [first, second, third, '20260104000000'], remote: [first, second, third] });
    }));

  test('files, rollbacks and snapshots that are lost here are fetched from the target, and both go on', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      const kept = ['migrations/20260103000000_v0_3_0_links.sql', `rollback/${third}_rollback.sql`, `snapshots/v0.3.0_${third}.sql`].map(
        (name) => `supabase/${name}`,
      );
      const texts = kept.map((path) => site.project.read(path));
      for (const folder of ['migrations', 'rollback', 'snapshots']) rmSync(site.project.path(`supabase/${folder}`), { recursive: true });
      const shown = expectCode(await site.run((context) => repair(context)), 0).value!;
      expect(shown.findings.map(({ what }) => what)).toContain(`${third}_v0_3_0_links is recorded as applied and has no file here.`);
      expect(shown.written).toEqual([]);
      const { written, findings } = expectCode(await site.run((context) => repair(context, { fetch: true })), 0).value!;
      expect(findings).toEqual([]);
      expect(written).toEqual(expect.arrayContaining(kept));
      expect(kept.map((path) => site.project.read(path))).toEqual(texts);
      expect(expectCode(await site.run(status), 0).value).toMatchObject({ missing: [], edited: [], pending: [], inOrder: true });
      expect(await listed(site)).toEqual({ local: [first, second, third], remote: [first, second, third] });
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect((await listed(site)).remote).toEqual([first, second]);
    }));

  test('repair changes history alone, as the CLI then sees it, and only when asked', () =>
    withBase(files, async (site) => {
      const change = { applied: [second!], reverted: [first] };
      const before = await site.state();
      expectCode(await site.run((context) => repair(context, change), { yes: false }), 3, 'not_confirmed');
      expectCode(await site.run((context) => repair(context, { applied: ['20990101000000'] })), 2, 'file_missing');
      expectCode(await site.run((context) => repair(context, { applied: [first] })), 2, 'already_applied');
      expectCode(await site.run((context) => repair(context, { reverted: [third!] })), 2, 'not_applied');
      expect(await site.state()).toEqual(before);
      expectCode(await site.run((context) => repair(context, change)), 0);
      expect((await listed(site)).remote).toEqual([second]);
      expect(await site.sql(`select to_regclass('public.tags') as tags, to_regclass('public.notes')::text as notes`)).toEqual([
        { tags: null, notes: 'notes' },
      ]);
      expect(await site.sql('select version, name, statements from supabase_migrations.schema_migrations')).toEqual([
        { version: second, name: 'v0_2_0_tags', statements: ['create table public.tags (id int primary key)'] },
      ]);
    }));

  test('its down and reset, which would empty the database, stop at our guard and change nothing', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      for (const words of [
        ['migration', 'down', '--last', '1'],
        ['db', 'reset'],
      ]) {
        const before = await site.state();
        const { exitCode, stdout, stderr } = await cliResult(site, [...words, '--yes']);
        expect(exitCode, words.join(' ')).toBe(1);
        expect(`${stdout}${stderr}`).toContain('npx supasnap kept release');
        expect(await site.state()).toEqual(before);
      }
    }));

  test('the history has the columns of the CLI and the rollback column of the hosted platform, filled with a copy', () =>
    withBase(files, async (site) => {
      expectCode(await site.migrate(), 0);
      expect(
        await site.sql(`select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
          where attrelid = 'supabase_migrations.schema_migrations'::regclass and attnum > 0 and not attisdropped order by attnum`),
      ).toEqual([
        { name: 'version', type: 'text' },
        { name: 'statements', type: 'text[]' },
        { name: 'name', type: 'text' },
        { name: 'rollback', type: 'text[]' },
      ]);
      const [row] = await site.sql<{ rollback: string[] }>(
        `select rollback from supabase_migrations.schema_migrations where version = '${third}'`,
      );
      expect(row!.rollback.join('\n')).toContain('DROP TABLE "public"."links"');
    }));
});

async function listed(site: Site): Promise<{ local: string[]; remote: string[] }> {
  const { stdout } = await cli(site, 'migration', 'list', '--output-format', 'json');
  const { migrations } = JSON.parse(stdout) as { migrations: { local?: string; remote?: string }[] };
  const column = (name: 'local' | 'remote') => migrations.flatMap((row) => (row[name] ? [row[name]] : []));
  return { local: column('local'), remote: column('remote') };
}

async function cli(site: Site, ...words: string[]): Promise<{ stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await cliResult(site, words);
  if (exitCode !== 0) throw new Error(`supabase ${words.join(' ')} ended with ${exitCode}.\n${stderr}\n${stdout}`);
  return { stdout, stderr };
}

async function cliResult({ project, database }: Site, words: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
  if (!project.exists('supabase/config.toml')) project.write('supabase/config.toml', 'project_id = "agreement"\n');
  const { user, password, host, port, database: name } = database;
  return execa('supabase', [...words, `--remote=postgresql://${user}:${password}@${host}:${port}/${name}`], {
    cwd: project.folder,
    preferLocal: true,
    localDir: import.meta.dirname,
    stdin: 'ignore',
    reject: false,
  });
}
