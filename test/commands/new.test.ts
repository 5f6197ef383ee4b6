import { expect, test } from 'vitest';
import { parseMigrationName } from '../../src/migration/file-name.ts';
import { newFiles } from '../../src/commands/new.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Context } from '../../src/context.ts';
import { runCli, withProject, type Project } from '../project.ts';

const contextOf = (project: Project, now: Date): { context: Context; told: string[] } => {
  const told: string[] = [];
  const tell = (text: string) => void told.push(text);
  const report = { target: tell, step: tell, note: tell, warn: tell };
  const context = {
    config: readConfig(project.folder, project.folder),
    target: {},
    environment: {},
    report,
    now: () => now,
    yes: false,
    secret: () => {},
  };
  return { context, told };
};

test('new writes a migration and its smoke test, named by the time in UTC, without touching any database', async () => {
  await withProject({}, async (project) => {
    const before = new Date();
    const { exitCode, stdout, stderr } = await runCli('db-new', ['v0.8.0', 'Collaboration', '&', 'more'], {
      cwd: project.folder,
      env: { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' },
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    const [file = ''] = project.list('supabase/migrations');
    const { timestamp, release, description } = parseMigrationName(file, { requireVersion: true });
    expect({ release, description }).toEqual({ release: 'v0.8.0', description: 'collaboration_more' });
    expect(timestamp!.getTime()).toBeGreaterThanOrEqual(Math.floor(before.getTime() / 1000) * 1000);
    expect(timestamp!.getTime()).toBeLessThanOrEqual(Date.now());
    expect(project.list('supabase/tests')).toEqual(['v0.8.0_smoke_test.sql']);
    expect(stdout).toContain(`Migration:  supabase/migrations/${file}`);
    expect(stdout).toContain('Smoke test: supabase/tests/v0.8.0_smoke_test.sql');
    expect(stdout).toContain('npx supasnap migrate --dry-run');
    expect(project.exists('.supasnap')).toBe(false);
  });
});

test('a version without its v is understood, and said', async () => {
  await withProject({}, async (project) => {
    const { exitCode, stderr } = await runCli('db-new', ['0.8.0', 'x'], { cwd: project.folder });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('0.8.0 is written v0.8.0.');
    expect(project.list('supabase/migrations')[0]).toMatch(/^\d{14}_v0_8_0_x\.sql$/);
  });
});

test.each(['v0.8', '8', 'next', 'v0.8.0-beta'])('%s is no version: the right form is shown and nothing is written', async (word) => {
  await withProject({}, async (project) => {
    const { exitCode, stderr } = await runCli('db-new', [word, 'x'], { cwd: project.folder });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`"${word}" is not a version.`);
    expect(stderr).toMatch(/Next: {2}Write all three numbers: npx supasnap new v\d+\.\d+\.0/);
    expect(project.list('supabase/migrations')).toEqual([]);
  });
});

test('two made within one second get two timestamps, and the smoke test of the version stays as it is', async () => {
  await withProject({}, async (project) => {
    const now = new Date('2026-02-28T23:59:59.900Z');
    const first = await newFiles(contextOf(project, now).context, { version: 'v0.8.0', description: 'one' });
    project.write(first.smokeTest, 'select 1; -- mine');
    const second = await newFiles(contextOf(project, now).context, { version: 'v0.8.0', description: 'two' });
    expect(project.list('supabase/migrations')).toEqual(['20260228235959_v0_8_0_one.sql', '20260301000000_v0_8_0_two.sql']);
    expect([first.smokeTestWritten, second.smokeTestWritten]).toEqual([true, false]);
    expect(project.read(second.smokeTest)).toBe('select 1; -- mine');
  });
});

test('a file with a later timestamp is named, for the new one would come before it', async () => {
  await withProject({ 'supabase/migrations/20300101000000_later.sql': '' }, async (project) => {
    const { context, told } = contextOf(project, new Date('2026-01-01T00:00:00Z'));
    await newFiles(context, { version: 'v1.0.0', description: 'x' });
    expect(told.join('\n')).toContain('20300101000000');
  });
});

test('as JSON the paths are given', async () => {
  await withProject({}, async (project) => {
    const { stdout } = await runCli('db-new', ['v1.0.0', 'x', '--output-format', 'json'], { cwd: project.folder });
    expect(JSON.parse(stdout)).toEqual({
      version: 'v1.0.0',
      migration: `supabase/migrations/${project.list('supabase/migrations')[0]}`,
      smokeTest: 'supabase/tests/v1.0.0_smoke_test.sql',
      smokeTestWritten: true,
    });
  });
});
