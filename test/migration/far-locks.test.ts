import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../src/config/settings.ts';
import { locksFar } from '../../src/migration/far-locks.ts';
import { lockHints } from '../../src/migration/lock-hints.ts';
import { splitStatements } from '../../src/migration/statements.ts';
import { planExecution } from '../../src/migration/transaction.ts';
import { timeoutsOf } from '../../src/transition/execute.ts';
import { cutLate } from '../../src/transition/late.ts';

const cut = async (text: string, exclusive: string[] = []) => {
  const statements = await splitStatements(text);
  const execution = planExecution(statements, { text });
  if (execution.mode === 'outside') throw new Error('not one transaction');
  const { main, late, settings, tables } = cutLate(execution.batches, exclusive);
  const texts = (batches: typeof main) => batches.map(({ start, end }) => text.slice(start, end).trim());
  return { main: texts(main), late: texts(late), settings, tables };
};

describe('statements that lock tables of the platform', () => {
  test.each([
    'create policy p on public.t using (true)',
    'alter policy p on t using (true)',
    'drop policy if exists p on storage.objects',
    'drop trigger if exists g on t',
    'create trigger g after insert on auth.users execute function f()',
    'do $$ begin create policy p on t using (true); end $$',
  ])('%s', async (sql) => expect(locksFar((await splitStatements(sql))[0]!)).toBe(true));

  test.each([
    'create or replace trigger g after insert on public.t execute function f()',
    'alter table t enable row level security',
    "do $$ begin perform 'drop table'; end $$",
    'drop function f()',
  ])('not: %s', async (sql) => expect(locksFar((await splitStatements(sql))[0]!)).toBe(false));
});

test('a file with one of them waits 2 s for a lock, where its header or lock_timeout says no less', async () => {
  const waits = async (sql: string, more: object = {}, settings: object = {}) =>
    timeoutsOf({ ...defaultSettings, ...settings }, { statements: await splitStatements(sql), ...more }).lockTimeoutMs;
  const policy = 'create policy p on t using (true)';
  expect(await waits(policy)).toBe(2_000);
  expect(await waits('create table t ()')).toBe(5_000);
  expect(await waits(policy, { lockTimeout: '8s' })).toBe(8_000);
  expect(await waits(policy, {}, { lockTimeoutMs: 300 })).toBe(300);
  expect(await waits(policy, {}, { lockTimeoutMs: 0 })).toBe(2_000);
  expect(await waits(policy, {}, { platformLockTimeoutMs: 0 })).toBe(5_000);
});

describe('the late end of a file', () => {
  test('is its last statements on policies and triggers, with what was set before them', async () => {
    expect(
      await cut(
        'set search_path = public;\ncreate table t (id int);\ncreate policy p on t using (true);\ndrop trigger g on auth.users;\ndrop function g();\n',
      ),
    ).toEqual({
      main: ['set search_path = public;\ncreate table t (id int)'],
      late: ['create policy p on t using (true)', 'drop trigger g on auth.users', 'drop function g()'],
      settings: 'set search_path = public\n;',
      tables: [],
    });
  });

  test('locks ahead what it alone names, and not what the statements before it name', async () => {
    const { tables } = await cut(
      'update notes set a = 1;\ncreate policy p on storage.objects using (true);\ncreate policy q on public.notes using (true);',
      ['"public"."notes"', '"storage"."objects"', '"auth"."users"'],
    );
    expect(tables).toEqual(['"storage"."objects"']);
  });

  test.each([
    'create policy p on t using (true);\ncreate table u ();',
    "select set_config('search_path', 'public', false);\ncreate policy p on t using (true);",
    'create table u ();',
    'drop function f();',
  ])('there is none in: %s', async (sql) => expect((await cut(sql)).late).toEqual([]));
});

describe('a hint', () => {
  const hints = async (sql: string) => lockHints(await splitStatements(sql)).map(({ line, what }) => `${line}: ${what}`);

  test('names CREATE OR REPLACE TRIGGER where a trigger is dropped and made again', async () => {
    expect(
      await hints('drop trigger if exists g on auth.users;\ncreate trigger g after insert on auth.users execute function f();'),
    ).toEqual([
      '1: locks tables of auth, storage and realtime on the hosted platform, so that logins wait until COMMIT; CREATE OR REPLACE TRIGGER in place of both statements does not',
    ]);
    expect(await hints('drop trigger g on t;\ncreate constraint trigger g after insert on t for each row execute function f();')).toEqual(
      [],
    );
    expect(await hints('drop trigger g on t;')).toEqual([]);
  });

  test('says so of DROP … IF EXISTS, also where there is nothing to drop', async () => {
    expect(await hints('drop policy if exists p on storage.objects;\ndrop trigger if exists g on t;')).toEqual([
      '1: locks tables of auth, storage and realtime on the hosted platform, so that logins wait until COMMIT, also where there is nothing to drop',
      '2: locks tables of auth, storage and realtime on the hosted platform, so that logins wait until COMMIT, also where there is nothing to drop',
    ]);
  });

  test('asks for what takes long before, not after', async () => {
    expect(await hints('create policy p on t using (true);\nupdate t set a = 1;')).toEqual([
      '1: locks tables of auth, storage and realtime on the hosted platform, so that logins wait until COMMIT, while line 2 is still to come; policies and triggers belong to the end of a file',
    ]);
    expect(await hints('update t set a = 1;\ncreate policy p on t using (true);')).toEqual([]);
  });
});
