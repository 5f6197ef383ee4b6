import { expect, test } from 'vitest';
import { choosePgDump } from '../../src/snapshot/pg-dump/choice.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { findNative, type NativePgDump } from '../../src/snapshot/pg-dump/native.ts';
import { withClient } from '../../src/target/connection.ts';
import { ownServers, withEmptyDatabase } from '../postgres/database.ts';

ownServers();

const choices = ['bundled', 'native'] as const;
const serverVersion = 150_000;

for (const choice of choices) {
  test(`a table that the role may not read is named (${choice})`, async ({ skip }) => {
    if (choice === 'native' && (await findNative()).length === 0) skip('no pg_dump is installed');
    await withEmptyDatabase(15, async ({ superuser }) => {
      const weak = `dump_weak_${choice}`;
      await withClient(superuser, async (client) => {
        await client.query('CREATE SCHEMA safe; CREATE TABLE safe."Hidden ""one""" (id int); CREATE TABLE open (id int)');
        await client.query(`CREATE ROLE ${weak} LOGIN PASSWORD 'weak-secret'`);
        await client.query(`GRANT SELECT ON open TO ${weak}; GRANT USAGE ON SCHEMA safe TO ${weak}`);
      });
      const settings = { ...superuser, user: weak, password: 'weak-secret' };
      await expect(dumpSchema(settings, { choice, serverVersion })).rejects.toMatchObject({
        exitCode: 3,
        code: 'missing_rights',
        message: expect.stringContaining('(safe."Hidden ""one""")'),
        next: expect.stringContaining('GRANT SELECT'),
      });
    });
  });

  test(`a lock that is not given in time is told (${choice})`, async ({ skip }) => {
    if (choice === 'native' && (await findNative()).length === 0) skip('no pg_dump is installed');
    await withEmptyDatabase(15, async ({ superuser }) => {
      await withClient(superuser, async (client) => {
        await client.query('CREATE TABLE held (id int)');
        await client.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE');
        const dump = dumpSchema(superuser, { choice, serverVersion, lockWaitMs: 200 });
        await expect(dump).rejects.toMatchObject({ exitCode: 1, code: 'lock_timeout' });
      });
    });
  });

  test(`a snapshot id that is not known is told (${choice})`, async ({ skip }) => {
    if (choice === 'native' && (await findNative()).length === 0) skip('no pg_dump is installed');
    await withEmptyDatabase(15, async ({ superuser }) => {
      const dump = dumpSchema(superuser, { choice, serverVersion, snapshotId: '00000000-00000000-9' });
      await expect(dump).rejects.toMatchObject({
        exitCode: 1,
        code: 'dump_failed',
        message: expect.stringMatching(/invalid snapshot|does not exist/),
      });
    });
  });
}

test('a line that the bundled program would cut out of a function is refused, not lost', async () => {
  await withEmptyDatabase(15, async ({ superuser }) => {
    await withClient(superuser, (client) =>
      client.query("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT $$\n\\restrict me\n$$; SELECT 1'"),
    );
    await expect(dumpSchema(superuser, { choice: 'bundled', serverVersion })).rejects.toMatchObject({
      exitCode: 3,
      code: 'dump_failed',
      next: expect.stringContaining('--pg-dump native'),
    });
  });
});

const installed =
  (...found: NativePgDump[]) =>
  async () =>
    found;
const old: NativePgDump = { path: '/usr/bin/pg_dump', major: 15, version: '15.8' };
const young: NativePgDump = { path: '/opt/pg/bin/pg_dump', major: 18, version: '18.1' };

test('an installed pg_dump is taken when it is new enough for the server, else the bundled one', async () => {
  expect(await choosePgDump('auto', 15, installed(young, old))).toBe(young);
  expect(await choosePgDump('auto', 17, installed(old))).toBe('bundled');
  expect(await choosePgDump('auto', 17, installed())).toBe('bundled');
  expect(await choosePgDump('bundled', 15, installed(young))).toBe('bundled');
  expect(await choosePgDump('native', 19, installed({ ...young, major: 19 }))).toMatchObject({ major: 19 });
});

test('without an installed one new enough, native is refused with what was found', async () => {
  await expect(choosePgDump('native', 17, installed(old))).rejects.toMatchObject({
    exitCode: 3,
    code: 'unsupported_version',
    detail: ['Found: pg_dump 15.8 (/usr/bin/pg_dump).'],
    next: 'Use --pg-dump bundled.',
  });
});

test('a server newer than the bundled one asks for an install', async () => {
  await expect(choosePgDump('auto', 19, installed(young))).rejects.toMatchObject({
    exitCode: 3,
    code: 'unsupported_version',
    next: 'Install pg_dump 19, then run the command again.',
  });
});
