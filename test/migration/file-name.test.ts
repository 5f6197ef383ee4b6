import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { compareVersions, migrationName, parseMigrationName, snapshotName } from '../../src/migration/file-name.ts';

const refusal = (name: string, requireVersion = false): Problem => {
  try {
    parseMigrationName(name, { requireVersion });
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return error as Problem;
  }
  throw new Error(`${name} was accepted`);
};

describe('parseMigrationName', () => {
  test('the right form gives moment, release and description', () => {
    expect(parseMigrationName('20251026211500_v0_7_0_baseline.sql')).toEqual({
      fileName: '20251026211500_v0_7_0_baseline.sql',
      version: '20251026211500',
      name: 'v0_7_0_baseline',
      release: 'v0.7.0',
      description: 'baseline',
      label: 'v0.7.0',
      timestamp: new Date('2025-10-26T21:15:00Z'),
    });
    expect(parseMigrationName('20240229000000_v10_0_12_two_words.sql').label).toBe('v10.0.12');
  });

  test('names without a version, as the CLI makes them, go by their timestamp', () => {
    expect(parseMigrationName('20251026211500_create_users.sql')).toMatchObject({
      label: '20251026211500',
      description: 'create_users',
    });
    expect(parseMigrationName('20251026211500_a@b-ü,c.sql').name).toBe('a@b-ü,c');
    expect(parseMigrationName('0001_init.sql')).toMatchObject({ version: '0001', label: '0001' });
    expect(parseMigrationName('20251026211500_.sql').name).toBe('');
    expect(refusal('20251026211500_create_users.sql', true)).toMatchObject({
      code: 'bad_file_name',
      message: expect.stringContaining('no version'),
    });
  });

  test.each([
    ['20251326211500_v0_7_0_baseline.sql', 'no date and time', undefined],
    ['20250229000000_v0_7_0_baseline.sql', 'no date and time', undefined],
    ['20251026246000_create_users.sql', 'no date and time', undefined],
    ['20251026211500_v0.7.0_baseline.sql', 'wrong form', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026211500_V0_7_0_baseline.sql', 'wrong form', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026211500_v0_7_baseline.sql', 'wrong form', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026211500_v0_07_0_baseline.sql', 'wrong form', '20251026211500_v0_7_0_baseline.sql'],
    ['202510262115_v0_7_0_baseline.sql', 'not complete', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026_v0_7_0_baseline.sql', 'not complete', '20251026000000_v0_7_0_baseline.sql'],
    ['20251026211500_v0_7_0_my new table.sql', 'spaces', '20251026211500_v0_7_0_my_new_table.sql'],
    ['20251026211500_v0_7_0_baseline.SQL', 'not the name', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026211500-v0.7.0-baseline.sql', 'not the name', '20251026211500_v0_7_0_baseline.sql'],
    ['2025-10-26T21:15:00_v0_7_0_baseline.sql', 'not the name', '20251026211500_v0_7_0_baseline.sql'],
    ['20251026211500_v0_7_0_.sql', 'says nothing', '20251026211500_v0_7_0_changes.sql'],
    ['20251026211500_v0_7_0.sql', 'says nothing', '20251026211500_v0_7_0_changes.sql'],
    ['0001_v0_7_0_baseline.sql', 'does not begin with a date', undefined],
    ['baseline.sql', 'not the name', undefined],
    ['v0_7_0_baseline.sql', 'not the name', undefined],
    ['', 'not the name', undefined],
  ])('%s is refused', (name, reason, suggestion) => {
    const problem = refusal(name);
    expect(problem).toMatchObject({ exitCode: 2, code: 'bad_file_name' });
    expect(problem.message).toContain(reason);
    expect(problem.next).toBe(
      suggestion ? `Rename it, perhaps to ${suggestion}` : 'Make a new file with: npx supasnap new v0.1.0 what_it_does',
    );
    if (suggestion) expect(parseMigrationName(suggestion).fileName).toBe(suggestion);
  });

  test('a name that was applied long ago is read all the same', () => {
    expect(migrationName('20251326211500_my file.sql')).toMatchObject({ version: '20251326211500', name: 'my file' });
    expect(migrationName('README.md')).toBeUndefined();
  });
});

test('versions sort as text, the way the CLI lists them', () => {
  expect(['20251026211500', '0002', '10', '9'].sort(compareVersions)).toEqual(['0002', '10', '20251026211500', '9']);
});

test('a snapshot carries release and timestamp, or the timestamp alone', () => {
  expect(snapshotName('v0.7.0', '20251026211500')).toBe('v0.7.0_20251026211500');
  expect(snapshotName('20251026211500', '20251026211500')).toBe('20251026211500');
});
