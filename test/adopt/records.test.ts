import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { columnsOf, fileOf, type HistoryColumn, type HistoryRow } from '../../src/adopt/history-columns.ts';
import { readRecords, refuseEditedSince } from '../../src/adopt/records.ts';
import { earlier } from './found.ts';

const files = ['001_notes.sql', '002_tags.sql', '003_links.sql'].map((name) => earlier(name));
const columns = (...described: string[]): HistoryColumn[] =>
  described.map((text) => ({ name: text.split(' ')[0]!, kind: (text.split(' ')[1] ?? 'text') as HistoryColumn['kind'] }));
const read = (described: HistoryColumn[], rows: HistoryRow[]) =>
  readRecords(rows, columnsOf(described, rows, files)!, files, 'public._migrations');
const names = (records: { applied: { migration: { fileName: string } }[] }) => records.applied.map(({ migration }) => migration.fileName);

test.each([
  ['its file name', '002_tags.sql'],
  ['the name without its end', '002_tags'],
  ['a path', 'migrations/002_tags.sql'],
  ['its number', '2'],
  ['its number with zeros', '002'],
  ['its words', 'tags'],
])('a row may name a file by %s', (_, value) => {
  expect(fileOf(value, files)?.fileName).toBe('002_tags.sql');
});

test('what names no file is not guessed', () => {
  for (const value of ['002_other.sql', '0.2.0', '4', '', null]) expect(fileOf(value, files)).toBeUndefined();
});

test.each([
  [
    'name and time',
    columns('id number', 'name', 'executed_at time'),
    [{ id: '1', name: '001_notes.sql', executed_at: '2024-01-01T00:00:00.000Z' }],
    'name',
  ],
  [
    'a release beside the name',
    columns('id', 'version', 'migration_name', 'applied_at time', 'checksum'),
    [{ id: 'u', version: '0.1.0', migration_name: '001_notes', applied_at: null, checksum: null }],
    'migration_name',
  ],
  [
    'a number and words',
    columns('version number', 'description', 'run_on time'),
    [{ version: '1', description: 'notes', run_on: null }],
    'version',
  ],
  ['only a number that the table counts', columns('id number', 'applied_at time'), [{ id: '1', applied_at: null }], 'id'],
])('the column that names the files is found: %s', (_, described, rows, key) => {
  expect(columnsOf(described, rows as HistoryRow[], files)?.key).toBe(key);
  expect(names(read(described, rows as HistoryRow[]))).toEqual(['001_notes.sql']);
});

test('a counted id does not pass for a number where another column names the files', () => {
  const rows = [
    { id: '2', name: '001_notes.sql' },
    { id: '3', name: '003_links.sql' },
  ];
  expect(names(read(columns('id number', 'name'), rows))).toEqual(['001_notes.sql', '003_links.sql']);
});

test('rows without a file, rows that name two files and rows that failed are refused', () => {
  expect(() => read(columns('name'), [{ name: '001_notes' }, { name: '004_gone' }])).toThrow(
    expect.objectContaining({ code: 'file_missing', detail: [expect.stringContaining('004_gone')] }),
  );
  expect(() => read(columns('name', 'version number'), [{ name: '001_notes', version: '2' }])).toThrow(
    expect.objectContaining({ code: 'bad_history', message: expect.stringMatching(/001_notes\.sql.*002_tags\.sql/) }),
  );
  for (const [column, value] of [
    ['success flag', 'false'],
    ['success number', '0'],
    ['dirty flag', 'true'],
    ['status', 'failed'],
    ['status', 'running'],
  ] as const) {
    expect(() => read(columns('name', column), [{ name: '001_notes', [column.split(' ')[0]!]: value }]), column).toThrow(
      expect.objectContaining({ code: 'unfinished_run' }),
    );
  }
  expect(() =>
    read(columns('name', 'started_at time', 'finished_at time'), [{ name: '001_notes', started_at: 'x', finished_at: null }]),
  ).toThrow(expect.objectContaining({ code: 'unfinished_run' }));
});

test('a number may say that it succeeded', () => {
  expect(names(read(columns('name', 'success number'), [{ name: '001_notes', success: '1' }]))).toEqual(['001_notes.sql']);
});

test('what was undone is pending, and rows that contradict each other are refused', () => {
  expect(
    names(
      read(columns('name', 'status'), [
        { name: '001_notes', status: 'Applied' },
        { name: '002_tags', status: 'rolled_back' },
      ]),
    ),
  ).toEqual(['001_notes.sql']);
  expect(names(read(columns('name', 'rolled_back_at time'), [{ name: '001_notes', rolled_back_at: '2024-01-01T00:00:00.000Z' }]))).toEqual(
    [],
  );
  expect(() =>
    read(columns('name', 'direction'), [
      { name: '001_notes', direction: 'up' },
      { name: '001_notes', direction: 'down' },
    ]),
  ).toThrow(expect.objectContaining({ code: 'bad_history', message: expect.stringContaining('db/001_notes.sql') }));
});

test('another order than that of the numbers is said', () => {
  const rows = [
    { name: '001_notes', applied_at: '2024-02-01T00:00:00.000Z' },
    { name: '002_tags', applied_at: '2024-01-01T00:00:00.000Z' },
  ];
  expect(read(columns('name', 'applied_at time'), rows).notes).toContain(
    'db/002_tags.sql was applied before a file with a lower number, as public._migrations says.',
  );
});

test('edited files are named; where no checksum fits, both reasons are', () => {
  const sum = (name: string) => createHash('md5').update(`select '${name}';\n`).digest('hex');
  const described = columns('name', 'checksum');
  const check = (...sums: string[]) =>
    refuseEditedSince(
      read(
        described,
        sums.map((checksum, index) => ({ name: files[index]!.fileName, checksum })),
      ).applied,
      'public._migrations',
    );
  expect(() => check(sum('001_notes.sql'), sum('002_tags.sql'))).not.toThrow();
  expect(() => check(sum('001_notes.sql'), sum('x'))).toThrow(
    expect.objectContaining({ code: 'edited', message: expect.stringContaining('db/002_tags.sql') }),
  );
  expect(() => check(sum('x'), sum('y'))).toThrow(
    expect.objectContaining({ code: 'edited', message: expect.stringContaining('None of the 2') }),
  );
  expect(() => check('17', '18')).not.toThrow();
  expect(read(described, [{ name: '001_notes', checksum: '17' }]).notes).toContain(
    'Checksums of all files are of a kind that is not known here, and were not compared.',
  );
});
