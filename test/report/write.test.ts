import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from 'vitest';
import { updateMigrationsFile } from '../../src/report/write.ts';
import { run } from './runs.ts';

const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants a destructured first argument.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'supasnap-report-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});
const input = { runs: [run({ id: '1' })], applied: [], local: [] };

test('the file is made with its folder, and then left alone while nothing changes', async ({ folder }) => {
  const path = join(folder, 'docs', 'MIGRATIONS.md');
  expect(await updateMigrationsFile(path, input)).toBe(true);
  await utimes(path, 1000, 1000);
  expect(await updateMigrationsFile(path, input)).toBe(false);
  expect((await stat(path)).mtimeMs).toBe(1_000_000);
  expect(await readdir(join(folder, 'docs'))).toEqual(['MIGRATIONS.md']);
});

test('notes are still there after the file was written anew', async ({ folder }) => {
  const path = join(folder, 'MIGRATIONS.md');
  await updateMigrationsFile(path, input);
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(':20251026211500 -->\n', ':20251026211500 -->\r\nmine\n'));
  await updateMigrationsFile(path, { ...input, runs: [...input.runs, run({ id: '2', version: '20251027140000', name: 'later' })] });
  const after = await readFile(path, 'utf8');
  expect(after).toContain('<!-- notes:20251026211500 -->\r\nmine\n<!-- /notes:20251026211500 -->');
  expect(after).toContain('20251027140000_later.sql');
});

test('a link stays a link', async ({ folder }) => {
  await writeFile(join(folder, 'real.md'), '');
  await symlink('real.md', join(folder, 'MIGRATIONS.md'));
  await updateMigrationsFile(join(folder, 'MIGRATIONS.md'), input);
  expect((await lstat(join(folder, 'MIGRATIONS.md'))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, 'real.md'), 'utf8')).toContain('# Migrations');
});

test('a file that is no UTF-8 text is refused and left as it is', async ({ folder }) => {
  const path = join(folder, 'MIGRATIONS.md');
  await writeFile(path, Buffer.from([0xe9, 0x20, 0xff]));
  await expect(updateMigrationsFile(path, input)).rejects.toMatchObject({
    code: 'file_missing',
    message: expect.stringContaining('UTF-8'),
  });
  expect([...(await readFile(path))]).toEqual([0xe9, 0x20, 0xff]);
});

test('a folder in its place is named', async ({ folder }) => {
  await mkdir(join(folder, 'MIGRATIONS.md'));
  await expect(updateMigrationsFile(join(folder, 'MIGRATIONS.md'), input)).rejects.toMatchObject({
    code: 'file_missing',
    message: expect.stringContaining('folder'),
  });
});
