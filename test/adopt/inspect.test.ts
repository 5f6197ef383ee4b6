import { expect, test } from 'vitest';
import { inspect } from '../../src/adopt/inspect.ts';
import { earlier } from './found.ts';

const one = async (up: string, down?: string) => {
  const migration = earlier('001_a.sql', {
    up: Buffer.from(up),
    ...(down === undefined ? {} : { down: { label: 'db/down/001_a_down.sql', text: down } }),
  });
  const { ways, tables, notes } = await inspect([migration]);
  return { way: ways.get(migration), tables: [...tables], notes: notes.join('\n') };
};

test('tables that the files make are known, with and without a schema', async () => {
  expect((await one('create table if not exists _migrations (id int); create table app.t (); create view v as select 1;')).tables).toEqual([
    '_migrations',
    'app.t',
  ]);
});

test('a way back stays as it is, also with a BEGIN and COMMIT of its own', async () => {
  for (const down of ['drop table a;\n', 'begin;\ndrop table a;\ncommit;\n'])
    expect(await one('select 1;', down)).toEqual({ way: down, tables: [], notes: '' });
});

test('one without a statement is none, and that is said', async () => {
  for (const down of ['', '-- nothing\n', 'begin; commit;']) {
    const { way, notes } = await one('select 1;', down);
    expect(way).toBeUndefined();
    expect(notes).toContain('No statement leads back in db/down/001_a_down.sql');
  }
});

test('CONCURRENTLY is taken out of a way back, and nothing else', async () => {
  const { way, notes } = await one(
    'select 1;',
    "drop index concurrently if exists i; -- not concurrently\nDROP  INDEX  CONCURRENTLY j;\ncreate unique index concurrently k on t (c);\nselect 'drop index concurrently';\n",
  );
  expect(way).toBe(
    "drop index if exists i; -- not concurrently\nDROP  INDEX j;\ncreate unique index k on t (c);\nselect 'drop index concurrently';\n",
  );
  expect(notes).toContain('CONCURRENTLY is taken out');
});

test('one that no rollback can run is not taken over, and that is said', async () => {
  for (const [down, reason] of [
    ['vacuum t;', "can't run in a transaction"],
    ['drop tabel a;', 'not valid SQL'],
    ['drop table a; rollback;', "can't stand in"],
  ] as const) {
    const { way, notes } = await one('select 1;', down);
    expect(way).toBeUndefined();
    expect(notes).toMatch(new RegExp(`is not taken over.*${reason}`, 's'));
  }
});

test('what a file says of transactions is told; a file that is no SQL is refused', async () => {
  expect((await one('begin; select 1; commit;')).notes).toContain("db/001_a.sql: The file's own BEGIN and COMMIT are replaced");
  expect((await one('begin; select 1; rollback;')).notes).toContain("It can't be applied anew as it is");
  await expect(one('selec 1;')).rejects.toMatchObject({ code: 'bad_sql', place: { line: 1, column: 1 } });
  await expect(one('\\i other.sql')).rejects.toMatchObject({ code: 'bad_sql', message: expect.stringContaining('\\i') });
});
