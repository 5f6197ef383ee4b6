import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSmokeTests } from '../../src/smoke/list-tests.ts';

test('tests are found with their expectations, in order of version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'supasnap-tests-'));
  try {
    for (const name of [
      'v0.10.0_smoke_test.sql',
      'v0.9.0_smoke_test.sql',
      'v0.9.0_expect.toml',
      '20251026211500_smoke_test.sql',
      'README.md',
      'profiles_test.sql',
      'v0.11.0_expect.toml',
    ])
      await writeFile(join(folder, name), '');
    expect(await listSmokeTests(folder)).toEqual([
      { version: 'v0.9.0', file: join(folder, 'v0.9.0_smoke_test.sql'), expectFile: join(folder, 'v0.9.0_expect.toml') },
      { version: 'v0.10.0', file: join(folder, 'v0.10.0_smoke_test.sql') },
      { version: '20251026211500', file: join(folder, '20251026211500_smoke_test.sql') },
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a folder that is not there holds no tests', async () => {
  expect(await listSmokeTests(join(tmpdir(), 'supasnap-no-such-folder'))).toEqual([]);
});
