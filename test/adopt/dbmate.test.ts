import { expect, test } from 'vitest';
import { readDbmate, sectionsOf } from '../../src/adopt/dbmate.ts';
import { found } from './found.ts';

const sections = (text: string) => sectionsOf(text, 'db/1_a.sql');

test('both ways are cut at their lines, and comments before them stay', () => {
  expect(sections('-- What it does.\n\n-- migrate:up\ncreate table a ();\n\n-- migrate:down\ndrop table a;\n')).toEqual({
    up: '-- What it does.\n\ncreate table a ();\n',
    down: 'drop table a;\n',
  });
  expect(sections('--migrate:up\r\nselect 1;\r\n-- migrate:down\r\nselect 2;\r\n')).toEqual({ up: 'select 1;\n', down: 'select 2;\n' });
  expect(sections('-- migrate:up\nselect 1;\n')).toEqual({ up: 'select 1;\n', down: undefined });
  expect(sections('-- migrate:up\nselect 1;\n-- migrate:down\n\n').down?.trim()).toBe('');
});

test('lines that only look like one are text', () => {
  const { up, down } = sections(
    "-- migrate:up\nselect 1; -- migrate:down\n  -- migrate:down\n-- migrate:downwards\nselect 'x';\n-- migrate:down\nselect 2;\n",
  );
  expect(up).toContain("select 'x'");
  expect(down).toBe('select 2;\n');
});

test('transaction:false becomes a header of ours', () => {
  expect(
    sections('-- migrate:up transaction:false\ncreate index concurrently i on a (b);\n-- migrate:down transaction:false\ndrop index i;\n'),
  ).toEqual({ up: '-- supasnap: transaction=off\n\ncreate index concurrently i on a (b);\n', down: 'drop index i;\n' });
  expect(sections('-- migrate:up transaction:true\nselect 1;\n').up).toBe('select 1;\n');
});

test('several pairs in one file run one after the other, each transaction as a whole', () => {
  const text =
    '-- migrate:up\nselect 1;\n-- migrate:down\nselect -1;\n-- migrate:up transaction:false\nvacuum;\n-- migrate:down\nselect -2;\n';
  expect(sections(text)).toEqual({
    up: '-- supasnap: transaction=off\n\nBEGIN;\nselect 1;\nCOMMIT;\n\nvacuum;\n',
    down: 'select -1;\n\nselect -2;\n',
  });
  expect(sections(text.replace(' transaction:false', '').replace('vacuum', 'select 2'))).toEqual({
    up: 'select 1;\n\nselect 2;\n',
    down: 'select -1;\n\nselect -2;\n',
  });
});

test('what dbmate refuses is refused, with its line', () => {
  const refused = (line: number) => expect.objectContaining({ code: 'bad_sql', place: expect.objectContaining({ line }) });
  expect(() => sections('create table a ();\n')).toThrow(refused(1));
  expect(() => sections('-- migrate:down\n-- migrate:up\n')).toThrow(refused(1));
  expect(() => sections('-- x\nselect 0;\n-- migrate:up\n')).toThrow(refused(2));
  expect(() => sections('-- migrate:up\n-- migrate:down\n-- migrate:down\n')).toThrow(refused(3));
});

test('names may stand right behind the digits, and the order is that of the names', () => {
  const { migrations, notes } = readDbmate(
    ['20240201000000.sql', '20240101000000-first.sql', 'seed.sql'].map((name) => found(`db/${name}`, '-- migrate:up\nselect 1;\n')),
  );
  expect(migrations.map(({ number, name }) => [number, name])).toEqual([
    ['20240101000000', 'first'],
    ['20240201000000', 'migration'],
  ]);
  expect(notes).toEqual(['Has no number, left alone: db/seed.sql']);
});
