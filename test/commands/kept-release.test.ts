import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { mostly, withDatabase } from '../postgres/database.ts';
import { errorOf, runCli, withProject } from '../project.ts';
import { shareShadow } from './shared-shadow.ts';

const first = 'supabase/migrations/20260101000000_v0_1_0_notes.sql';
const second = 'supabase/migrations/20260102000000_v0_2_0_tags.sql';

const useShadow = shareShadow();

describe.each(mostly(17))('PostgreSQL %i', (major) => {
  test('TRUNCATE is refused, released by name, and refused again after the next migrate', async () => {
    await withDatabase(major, (database) =>
      withProject({ [first]: 'create table public.notes (id int);' }, async (project) => {
        useShadow(project);
        const run = (name: string, ...words: string[]) => runCli(name, [...words, `--remote=${database.url}`], { cwd: project.folder });
        const truncate = () =>
          withClient(database.settings, (client) =>
            client.query(
              'begin; truncate supabase_migrations.supasnap_runs, supabase_migrations.supasnap_snapshots, supabase_migrations.supasnap_states cascade; rollback',
            ),
          ).then(
            () => 'done',
            (error: Error) => error.message,
          );
        expect((await run('db-migrate', '--yes')).exitCode).toBe(0);
        expect(await truncate()).toContain('TRUNCATE was refused');

        const unasked = await run('db-kept', 'release', '--output-format=json');
        expect([unasked.exitCode, errorOf(unasked).code]).toEqual([3, 'not_confirmed']);
        expect(await truncate()).toContain('TRUNCATE was refused');

        const released = await run('db-kept', 'release', '--yes');
        expect(released.exitCode).toBe(0);
        expect(released.stderr).toContain('keeps 2 snapshots, the record of 1 run');
        expect(released.stdout).toContain('Nothing was deleted. The next "npx supasnap migrate" guards them again.');
        expect(await truncate()).toBe('done');
        expect((await run('db-kept', 'release')).stdout).toContain('Nothing to release');
        expect((await run('db-doctor')).stdout).toContain('not guarded against TRUNCATE');

        project.write(second, 'create table public.tags (id int);');
        expect((await run('db-migrate', '--yes')).exitCode).toBe(0);
        expect(await truncate()).toContain('TRUNCATE was refused');
      }),
    );
  });
});

test('a database in which nothing is kept has nothing to release', async () => {
  await withDatabase(17, (database) =>
    withProject({}, async ({ folder }) => {
      expect(await runCli('db-kept', ['release', `--remote=${database.url}`], { cwd: folder })).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('Nothing to release'),
      });
    }),
  );
});

test('any other word is answered with what exists, before a database is asked', async () => {
  await withProject({}, async ({ folder }) => {
    const refused = await runCli('db-kept', ['lost', '--output-format=json'], { cwd: folder });
    expect(refused.exitCode).toBe(2);
    expect(errorOf(refused)).toMatchObject({ code: 'wrong_arguments', message: expect.stringContaining('"kept lost"') });
    expect(refused.stderr).not.toContain('Target:');
  });
});
