import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { withDatabase } from '../postgres/database.ts';
import { runCli, withProject } from '../project.ts';
import { pgProve, prove } from './pg-prove.ts';
import { asFiles, cliTests, notesSql } from './pgtap.ts';

describe.skipIf(!pgProve)('with the real pg_prove', () => {
  test('each file passes and fails there as it does in db-test', async () => {
    await withDatabase(17, async ({ settings }) => {
      await withClient(settings, (client) => client.query(`${notesSql}; create extension pgtap with schema extensions`));
      await withProject(asFiles(cliTests), async ({ path }) => {
        const names = Object.keys(cliTests);
        const verdicts = await Promise.all(names.map((name) => prove(settings, path(`supabase/tests/${name}`))));
        expect(Object.fromEntries(names.map((name, at) => [name, verdicts[at]!.passed]))).toEqual(
          Object.fromEntries(names.map((name) => [name, cliTests[name]!.passes])),
        );
      });
    });
  });

  test('a smoke test that "new" makes is TAP for it, with pgTAP and without, and passes or fails as its check does', async () => {
    await withDatabase(17, async ({ settings, url }) => {
      await withProject({}, async ({ folder, path, read, write }) => {
        expect(await runCli('db-new', ['v0.9.0', 'billing'], { cwd: folder })).toMatchObject({ exitCode: 0 });
        const file = 'supabase/tests/v0.9.0_smoke_test.sql';
        const unwritten = await prove(settings, path('supabase/tests'));
        expect([unwritten.passed, unwritten.said]).toEqual([false, expect.stringContaining('Failed 1/1 subtests')]);

        // What the template says to put there.
        const example = /^--\s+(select case .*;)$/m.exec(read(file))![1]!;
        write(file, read(file).replace(/^select 'not ok 1.*;$/m, example));
        const both = async () => [
          (await prove(settings, path('supabase/tests'))).passed,
          (await runCli('db-test', ['v0.9.0', `--remote=${url}`], { cwd: folder })).exitCode,
        ];
        expect(await both()).toEqual([false, 1]);
        await withClient(settings, (client) => client.query('create table public.notes (id int primary key)'));
        expect(await both()).toEqual([true, 0]);
        await withClient(settings, (client) => client.query('create extension pgtap with schema extensions'));
        expect(await both()).toEqual([true, 0]);
      });
    });
  });
});
