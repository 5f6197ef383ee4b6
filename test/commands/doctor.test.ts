import { describe, expect, test } from 'vitest';
import { checkNode } from '../../src/commands/doctor-machine.ts';
import type { Finding } from '../../src/commands/finding.ts';
import { withClient } from '../../src/target/connection.ts';
import { mostly, ownServers, withDatabase } from '../postgres/database.ts';
import { runCli, withProject } from '../project.ts';

ownServers();

const doctor = async (folder: string, url: string) => {
  const result = await runCli('db-doctor', [`--remote=${url}`, '--output-format', 'json'], { cwd: folder });
  const { findings } = JSON.parse(result.stdout) as { findings: Finding[] };
  const of = (topic: string) => findings.filter((finding) => finding.topic === topic);
  return { ...result, of };
};

describe.each(mostly(15))('PostgreSQL %i', (major) => {
  test('a sound project has no problem: server, role and the kind of rehearsal are named', async () => {
    await withDatabase(major, (database) =>
      withProject(
        { 'supabase/migrations/20260101000000_v0_1_0_notes.sql': 'select 1;', 'supabase/config.toml': '[db]\nmajor_version = 17\n' },
        async (project) => {
          const { exitCode, of } = await doctor(project.folder, database.url);
          expect(exitCode).toBe(0);
          expect(of('Target')).toEqual([
            {
              level: 'ok',
              topic: 'Target',
              text: expect.stringMatching(new RegExp(`PostgreSQL ${major}\\.\\d+, as postgres, not a superuser$`)),
            },
          ]);
          expect(of('Rehearsals')).toEqual([{ level: 'ok', topic: 'Rehearsals', text: `on an embedded PostgreSQL ${major}` }]);
          expect(of('History')[0]).toMatchObject({ level: 'note', text: 'none yet; the first migrate makes it.' });
          expect(of('Migrations')[0]).toMatchObject({ level: 'ok', text: '1 in supabase/migrations/' });
          expect(of('Embedded PostgreSQL')[0]).toMatchObject({ level: 'ok', text: expect.stringMatching(/^15\S*, 16\S*, 17\S*, 18/) });
          expect(of('Version').map(({ text }) => text)).toEqual(
            major === 17 ? [] : ['supabase/config.toml says PostgreSQL 17, and the target is 15.'],
          );
          expect(project.list('supabase')).toEqual(['config.toml', 'migrations']);
        },
      ),
    );
  });
});

test('an unreachable target is a finding, the rest is looked at all the same, and no password is shown', async () => {
  await withProject({}, async ({ folder }) => {
    const { exitCode, stdout, stderr } = await runCli('db-doctor', ['--remote=postgresql://postgres:verysecret@127.0.0.1:1/postgres'], {
      cwd: folder,
    });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^problem +Target +Nothing answers at 127\.0\.0\.1:1\./m);
    expect(stdout).toMatch(/^ok +Node +\d+/m);
    expect(stdout).toContain('1 problem found.');
    expect(stdout + stderr).not.toContain('verysecret');
  });
});

test('schema_paths that would make the CLI take snapshots or rollbacks for the declared schema are found, and others are not', async () => {
  for (const [paths, found] of [
    ['"./schemas/*.sql", "./*.sql", "./snapshot"', []],
    ['"./**/*.sql"', ['snapshots', 'rollback']],
    ['"./snapshots/*.sql"', ['snapshots']],
    ['"rollback"', ['rollback']],
  ] as const) {
    await withProject({ 'supabase/config.toml': `[db.migrations]\nschema_paths = [${paths}]\n` }, async ({ folder }) => {
      const { of } = await doctor(folder, 'postgresql://postgres@127.0.0.1:1/postgres');
      expect(
        of('Declared schema').map(({ text }) => /supabase\/(\w+)\/ as/.exec(text)?.[1]),
        paths,
      ).toEqual(found);
    });
  }
});

test('a URL that is none is a finding too', async () => {
  await withProject({}, async ({ folder }) => {
    const { exitCode, stdout } = await runCli('db-doctor', [], { cwd: folder, env: { DATABASE_URL: 'mysql://x' } });
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('DATABASE_URL does not hold a PostgreSQL URL.')]);
  });
});

test('a role that may not create anything, leftovers of a rehearsal and files that are no migrations are found', async () => {
  await withDatabase(17, async (database) => {
    const [role, scratch] = [`${database.name}_reader`, 'supasnap_scratch_2147483000'];
    await withClient(database.superuser, async (client) => {
      await client.query(`create role ${role} login password 'readonly-secret'`);
      await client.query(`create database ${scratch}`);
    });
    try {
      await withProject({ 'supabase/migrations/README.md': '' }, async ({ folder }) => {
        const { exitCode, of } = await doctor(folder, database.url.replace(/\/\/[^@]+@/, `//${role}:readonly-secret@`));
        expect(exitCode).toBe(1);
        expect(of('Target')[0]).toMatchObject({ level: 'ok' });
        expect(of('Target')[1]).toMatchObject({ level: 'problem', text: expect.stringContaining('may not create schemas') });
        expect(of('Leftovers')[0]!.text).toContain(scratch);
        expect(of('Migrations')[0]).toMatchObject({ level: 'note', text: expect.stringContaining('README.md') });
      });
    } finally {
      await withClient(database.superuser, async (client) => {
        await client.query(`drop database ${scratch}`);
        await client.query(`drop role ${role}`);
      });
    }
  });
});

test("an extension that the embedded server lacks sends rehearsals to the target's own server, and is named", async () => {
  await withDatabase(17, (database) =>
    withProject({}, async ({ folder }) => {
      // A row as CREATE EXTENSION leaves it: no server here has an extension that another lacks.
      await withClient(database.superuser, (client) =>
        client.query(
          "insert into pg_extension select 60000, 'acme_jobs', extowner, extnamespace, extrelocatable, extversion, extconfig, extcondition from pg_extension where extname = 'plpgsql'",
        ),
      );
      const { of } = await doctor(folder, database.url);
      expect(of('Rehearsals')[0]).toMatchObject({
        level: 'note',
        text: "in a scratch database on the target's server: the embedded one lacks acme_jobs.",
      });
    }),
  );
});

test('a Node that is too old is a problem', () => {
  expect(checkNode('18.20.1')).toMatchObject({ level: 'problem', text: '18.20.1 is too old: 20 or newer is needed.' });
  expect(checkNode('20.0.0').level).toBe('ok');
});
