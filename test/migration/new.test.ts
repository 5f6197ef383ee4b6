import { expect, test } from 'vitest';
import { newMigration } from '../../src/migration/new.ts';
import { splitStatements } from '../../src/migration/statements.ts';

const now = new Date('2025-10-27T14:00:05.900Z');

test('the file is named after the moment in UTC, the version and the words', async () => {
  const made = newMigration({ release: 'v0.8.0', description: 'Collaboration & more', now });
  expect(made.fileName).toBe('20251027140005_v0_8_0_collaboration_more.sql');
  expect(made.smokeTestName).toBe('v0.8.0_smoke_test.sql');
  expect(await splitStatements(made.text)).toEqual([]);
  expect(newMigration({ release: '1.2.3', description: 'x', now }).fileName).toBe('20251027140005_v1_2_3_x.sql');
});

test('an untouched smoke test fails, so that nobody ships an empty one', async () => {
  const { smokeTestText } = newMigration({ release: 'v0.8.0', description: 'x', now });
  expect((await splitStatements(smokeTestText)).map(({ kind }) => kind)).toEqual([
    'TransactionStmt',
    'SelectStmt',
    'SelectStmt',
    'TransactionStmt',
  ]);
  expect(smokeTestText).toContain("select 'not ok 1 - write a check for v0.8.0';");
});

test('without a version the timestamp is the label', () => {
  const made = newMigration({ description: 'create users', now });
  expect([made.fileName, made.smokeTestName]).toEqual(['20251027140005_create_users.sql', '20251027140005_smoke_test.sql']);
});

test('a wrong version and an empty description are refused', () => {
  expect(() => newMigration({ release: 'v0.8', description: 'x', now })).toThrow(
    expect.objectContaining({ code: 'wrong_arguments', message: expect.stringContaining('"v0.8"') }),
  );
  expect(() => newMigration({ description: ' -- ', now })).toThrow(expect.objectContaining({ code: 'wrong_arguments' }));
});
