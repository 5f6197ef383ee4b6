import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, expect, test, vi } from 'vitest';
import { createOutput } from '../src/cli/output.ts';
import { errorCodes, errorFamilies } from '../src/error-codes.ts';
import { attention, failed } from '../src/errors.ts';
import { sqlProblem } from '../src/sql-error.ts';
import { runCli, withProject } from './project.ts';

const root = join(fileURLToPath(import.meta.url), '../..');

afterEach(() => vi.restoreAllMocks());

test('a code stands in one family, and some error of src has it', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'error-codes.ts')
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
    .join('\n');
  expect(Object.values(errorFamilies).flatMap((codes) => Object.keys(codes))).toEqual(Object.keys(errorCodes));
  expect(Object.keys(errorCodes).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});

test('docs/ERRORS.md is what the list says', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [join(root, 'scripts/errors-md.mjs'), '--check'], { reject: false });
  expect([exitCode, stderr]).toEqual([0, '']);
});

test('a command that fails prints the code with --output-format json', async () => {
  await withProject({ 'supabase/supasnap.toml': 'lock_timeout = "5s"\nlock_timeout = "6s"\n' }, async ({ folder }) => {
    const { exitCode, stdout } = await runCli('supasnap', ['status', '--output-format', 'json'], { cwd: folder });
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({
      exitCode: 2,
      error: { code: 'bad_config', exitCode: 2, place: { file: 'supabase/supasnap.toml', line: 2 }, state: 'Nothing was changed.' },
    });
  });
  await withProject({}, async ({ folder }) => {
    const { exitCode, stdout } = await runCli('db-kept', ['lost', '--output-format', 'json'], { cwd: folder });
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 2, error: { code: 'wrong_arguments' } });
  });
});

test('what nobody foresaw is told as internal, with the code of the system in its words', () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const output = createOutput({ format: 'json', color: false, debug: false }, () => []);
  expect(output.fail(Object.assign(new Error('too many open files'), { code: 'EMFILE' }))).toBe(1);
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
    error: { code: 'internal', message: 'too many open files (EMFILE)', exitCode: 1 },
  });
});

test("the server's own code goes along, also through an error around it; the system's is none", () => {
  const cause = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03', severity: 'ERROR' });
  const inFile = sqlProblem(cause, 'a.sql', 'select 1', 0);
  expect(inFile).toMatchObject({ code: 'sql_failed', sqlState: '55P03' });
  expect(failed('lock_timeout', 'It took too long.', { cause })).toMatchObject({ code: 'lock_timeout', sqlState: '55P03' });
  expect(attention('unfinished_run', 'It stopped.', { ...inFile, cause: inFile })).toMatchObject({
    code: 'unfinished_run',
    sqlState: '55P03',
  });
  expect(failed('write_failed', 'No.', { cause: Object.assign(new Error('no'), { code: 'EPIPE' }) }).sqlState).toBeUndefined();
});
