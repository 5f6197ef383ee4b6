import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { parseHeader } from '../../src/migration/header.ts';
import { splitStatements } from '../../src/migration/statements.ts';
import { type Batch, type PlanOptions, planExecution } from '../../src/migration/transaction.ts';

const plan = async (sql: string, options: PlanOptions = {}) => {
  const statements = await splitStatements(sql);
  const planned = planExecution(statements, { file: 'a.sql', text: sql, header: parseHeader(sql), ...options });
  const text = ({ start, end, platformRights }: Batch) => (platformRights ? 'P: ' : '') + sql.slice(start, end);
  const shown =
    planned.mode === 'transaction'
      ? planned.batches.map(text)
      : planned.steps.map((step) => (step.kind === 'alone' ? `alone ${text(step.batch)}` : step.batches.map(text)));
  return { mode: planned.mode, shown, notes: planned.notes };
};
const refusal = async (sql: string): Promise<Problem> => {
  const problem = await plan(sql).catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  return problem as Problem;
};

describe('in one transaction', () => {
  test('ordinary statements are one message, exactly as they stand in the file', async () => {
    const sql = '-- one\nselect 1;\n\n-- two\nselect 2;\n';
    expect(await plan(sql)).toEqual({ mode: 'transaction', shown: [sql.trim().replace(/;$/, '')], notes: [] });
    expect((await plan('')).shown).toEqual([]);
  });

  test("the file's own BEGIN and COMMIT are taken off and said so", async () => {
    const { mode, shown, notes } = await plan('-- dump\nset search_path = x;\nBEGIN;\nselect 1;\nselect 2;\nEND;\nselect 3;');
    expect([mode, shown]).toEqual(['transaction', ['-- dump\nset search_path = x', 'select 1;\nselect 2', 'select 3']]);
    expect(notes).toEqual(["The file's own BEGIN and COMMIT are replaced by the transaction that also records it."]);
  });

  test('several blocks become one transaction, and SET LOCAL in them is pointed out', async () => {
    const { mode, shown, notes } = await plan(
      'start transaction isolation level serializable; set local x.y = 1; commit; begin; select 2; commit',
    );
    expect([mode, shown]).toEqual(['transaction', ['set local x.y = 1', 'select 2']]);
    expect(notes.join('\n')).toMatch(/isolation and access mode.*\n.*2 BEGIN … COMMIT blocks.*\n.*SET LOCAL/);
  });

  test('savepoints stay', async () => {
    const { shown } = await plan('begin; savepoint a; select 1; rollback to a; release a; commit');
    expect(shown).toEqual(['savepoint a; select 1; rollback to a; release a']);
  });

  test('a statement that needs platform rights is a message of its own', async () => {
    const { shown } = await plan('select 1; create policy p on storage.objects; select 2; select 3');
    expect(shown).toEqual(['select 1', 'P: create policy p on storage.objects', 'select 2; select 3']);
  });

  test.each([
    ['rollback', 'ROLLBACK'],
    ['abort', 'ABORT'],
    ['begin; select 1; commit and chain; commit', 'COMMIT AND CHAIN'],
    ["prepare transaction 'x'", 'PREPARE TRANSACTION'],
    ["commit prepared 'x'", 'COMMIT PREPARED'],
    ["rollback prepared 'x'", 'ROLLBACK PREPARED'],
  ])('%s is refused with its line', async (sql, word) => {
    const problem = await refusal(`select 1;\n${sql};`);
    expect(problem.code).toBe('transaction_control');
    expect(problem.message.toUpperCase()).toContain(`${word}`);
    expect(problem.place?.line).toBe(2);
  });

  test('a BEGIN without COMMIT is refused', async () => {
    expect((await refusal('select 1;\n  begin;\nselect 2;')).place).toEqual({
      file: 'a.sql',
      line: 2,
      column: 3,
      text: '  begin;',
    });
  });
});

describe('outside a transaction', () => {
  test.each([
    'create index concurrently i on t (a)',
    'drop index concurrently i',
    'reindex table concurrently t',
    'reindex (concurrently) index i',
    'reindex schema s',
    'vacuum analyze t',
    'create database d',
    'drop database d',
    "alter system set work_mem = '1MB'",
    "create tablespace x location '/y'",
    'drop tablespace x',
    "create subscription s connection '' publication p",
    'drop subscription s',
    'alter subscription s refresh publication',
    'alter subscription s set publication p',
    'alter database d set tablespace x',
    'alter table p detach partition q concurrently',
    'cluster',
    'discard all',
    'do $$ begin for i in 1..3 loop delete from t; commit; end loop; end $$',
  ])('%s runs alone', async (sql) => {
    const { mode, shown, notes } = await plan(`select 1; select 2;\n${sql};\nselect 3;`);
    expect([mode, shown]).toEqual(['outside', [['select 1; select 2'], `alone ${sql}`, ['select 3']]]);
    expect(notes[0]).toMatch(/^Line 2: .* can't run in a transaction\.$/);
  });

  test.each([
    'create index i on t (a)',
    'refresh materialized view concurrently m',
    'analyze t',
    'cluster t using i',
    'reindex table t',
    'alter table p detach partition q',
    "create subscription s connection '' publication p with (create_slot = false)",
    'alter subscription s set publication p with (refresh = false)',
    'alter database d set work_mem = 1',
    "do $$ begin raise notice 'commit;'; -- commit;\nend $$",
    "alter type e add value 'x'",
    "alter type e rename value 'x' to 'y'; select 'y'",
  ])('%s runs inside', async (sql) => expect((await plan(sql)).mode).toBe('transaction'));

  test('a special statement between BEGIN and COMMIT is refused, outside of them it is not', async () => {
    expect(await refusal('begin;\nvacuum;\ncommit;')).toMatchObject({
      code: 'transaction_control',
      message: expect.stringMatching(/^VACUUM .*BEGIN and COMMIT$/),
    });
    expect((await plan('begin; select 1; commit; vacuum; begin; select 2; commit')).shown).toEqual([
      ['select 1'],
      'alone vacuum',
      ['select 2'],
    ]);
  });

  test('transaction=off gives each statement a transaction of its own, but to CALL, and transaction=on forbids what must run alone', async () => {
    const { shown } = await plan('-- supasnap: transaction=off\nselect 1; select 2; begin; select 3; select 4; commit; call p()');
    expect(shown).toEqual([['-- supasnap: transaction=off\nselect 1'], ['select 2'], ['select 3; select 4'], 'alone call p()']);
    expect(await refusal('-- supasnap: transaction=on\nvacuum;')).toMatchObject({
      code: 'transaction_control',
      message: expect.stringContaining('transaction=on'),
    });
  });
});

describe('a new enum label', () => {
  test.each([
    ["insert into t values ('new')"],
    ["create view v as select * from t where s = 'new'::e"],
    ["alter table t alter s set default 'new'"],
    ["do $$ begin insert into t values ('new'); end $$"],
    ["create function f() returns e language sql as $$ select 'new'::e $$"],
    ["select '{old,new}'::e[]"],
  ])('is committed before %s', async (use) => {
    const { shown, notes } = await plan(`alter type e add value 'new'; select 1;\n${use}; select 2`);
    expect(shown).toEqual([["alter type e add value 'new'; select 1"], [`${use}; select 2`]]);
    expect(notes).toEqual(["Line 1 adds the enum label 'new' and line 2 uses it, so there is a COMMIT between them."]);
    expect((await plan(`alter type e add value 'new'; ${use}`, { commitNewLabels: false })).mode).toBe('transaction');
  });

  test.each([
    ["comment on type e is 'new'"],
    ["alter type e add value 'newer' after 'new'"],
    ["create function f() returns e language plpgsql as $$ begin return 'new'; end $$"],
    ["insert into t values ('newest')"],
  ])('needs no commit before %s', async (other) => {
    expect((await plan(`alter type e add value 'new'; ${other}`)).mode).toBe('transaction');
  });

  test('of a type made in the same file is usable at once', async () => {
    expect((await plan("create type e as enum ('a'); alter type e add value 'new'; select 'new'::e")).mode).toBe('transaction');
  });
});
