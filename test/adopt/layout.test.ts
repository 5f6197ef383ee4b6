import { expect, test } from 'vitest';
import { readLayout } from '../../src/adopt/layout.ts';
import { found } from './found.ts';

const folder = (files: string[], { down = [], rollbacks = [] }: { down?: string[]; rollbacks?: string[] } = {}) =>
  readLayout({
    label: 'db',
    files: files.map((name) => found(`db/${name}`)),
    down: down.map((name) => found(`db/down/${name}`)),
    rollbacks: rollbacks.map((name) => found(`db/rollbacks/${name}`)),
  });

const twins = (what: string, ...names: string[]) =>
  expect.objectContaining({
    code: 'bad_file_name',
    message: expect.stringMatching(`^${what} .* 1\\.$`),
    detail: names.map((name) => expect.stringMatching(`/${name}$`)),
  });

test('each layout is told by what the folder holds', () => {
  expect(folder(['001_a.sql'], { down: ['001_a_down.sql'] }).layout).toBe('down');
  expect(folder(['001_a.sql'], { rollbacks: ['001_a.sql'] }).layout).toBe('rollbacks');
  expect(folder(['001_a.sql']).layout).toBe('numbered');
  expect(
    readLayout({ label: 'db', files: [found('db/20240101000000_a.sql', '-- migrate:up\nselect 1;\n')], down: [], rollbacks: [] }).layout,
  ).toBe('dbmate');
  expect(() => folder(['readme.sql'])).toThrow(expect.objectContaining({ code: 'file_missing' }));
});

test('files come in the order of their numbers, each with the way back of the same number', () => {
  const { migrations, notes } = folder(['10_c.sql', '9_b.sql', '001_a.sql', 'notes.sql'], {
    down: ['9_undo_b.sql', '001_a_down.sql', '12_x_down.sql'],
  });
  expect(migrations.map(({ number, name, down }) => [number, name, down?.label])).toEqual([
    ['001', 'a', 'db/down/001_a_down.sql'],
    ['9', 'b', 'db/down/9_undo_b.sql'],
    ['10', 'c', undefined],
  ]);
  expect(notes).toEqual([
    'Has no number, left alone: db/notes.sql',
    'db/down/12_x_down.sql leads back from a file that is not there; it is left alone.',
    'No file has the number 2 to 8, before db/9_b.sql.',
  ]);
});

test('two files of one number are refused, with or without zeros before it', () => {
  expect(() => folder(['001_a.sql', '1_b.sql'])).toThrow(twins('2 files', '001_a.sql', '1_b.sql'));
  expect(() => folder(['001_a.sql', '001_a.down.sql'])).toThrow(twins('2 files', '001_a.sql', '001_a.down.sql'));
  expect(() => folder(['001_a.sql'], { down: ['001_a_down.sql', '01_a_down.sql'] })).toThrow(
    twins('2 down files', '001_a_down.sql', '01_a_down.sql'),
  );
});

test('names become names of migrations', () => {
  expect(folder(['1-add users.sql', '2.sql', '3_x.up.sql']).migrations.map(({ name }) => name)).toEqual(['add_users', 'migration', 'x']);
});
