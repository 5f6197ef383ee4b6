import { expect, test } from 'vitest';
import { tableVersion, versionOf } from '../../src/adopt/version.ts';
import { parseMigrationName } from '../../src/migration/file-name.ts';

test('a number becomes the same version everywhere, and dates stay', () => {
  expect(['0', '001', '1', '60', '0099', '3600', '86400'].map(versionOf)).toEqual([
    '20000101000000',
    '20000101000001',
    '20000101000001',
    '20000101000100',
    '20000101000139',
    '20000101010000',
    '20000102000000',
  ]);
  expect(versionOf('20240102030405')).toBe('20240102030405');
  expect(versionOf('20240102')).toBe('20240102000000');
  expect(versionOf('202401020304')).toBe('20240102030400');
});

test('what is neither a date nor a count is no version', () => {
  for (const digits of ['1700000000', '20241399000000', '1700000000000', '123456789']) expect(versionOf(digits), digits).toBeUndefined();
});

test('counts become names that can be applied, in their order, after the table and before every date', () => {
  const versions = [
    tableVersion,
    ...Array.from({ length: 200 }, (_, index) => versionOf(String(index * 997))!),
    versionOf('99999999')!,
    versionOf('20100101000000')!,
  ];
  expect([...versions].sort()).toEqual(versions);
  expect(new Set(versions).size).toBe(versions.length);
  for (const version of versions) expect(parseMigrationName(`${version}_x.sql`).version).toBe(version);
});
