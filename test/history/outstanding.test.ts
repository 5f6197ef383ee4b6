import { expect, test } from 'vitest';
import { halfDone } from '../../src/history/half-done.ts';
import type { Run } from '../../src/history/history.ts';
import { outstandingOf, runsSince } from '../../src/kept/outstanding.ts';

type Brief = Pick<Run, 'id' | 'kind' | 'status' | 'version' | 'undone' | 'restored' | 'progress' | 'snapshotBefore' | 'snapshotAfter'>;

const migrate = (id: string, version: string, more: Partial<Brief> = {}): Brief => ({
  id,
  kind: 'migrate',
  status: 'done',
  version,
  undone: null,
  restored: null,
  progress: null,
  snapshotBefore: `before_${version}`,
  snapshotAfter: `after_${version}`,
  ...more,
});
const rollback = (id: string, goal: string, more: Partial<Brief> = {}): Brief => ({
  ...migrate(id, goal),
  kind: 'rollback',
  undone: [],
  restored: [],
  snapshotBefore: `present_${id}`,
  snapshotAfter: `present_${id}_after`,
  ...more,
});
const half = { status: 'failed', progress: { done: 1, of: 3 } };

test.each<[string, string, Brief[], [by: string, of: string][], string[]]>([
  ['a migration', 'before_2', [migrate('1', '1'), migrate('2', '2')], [], ['2']],
  ['a state after a migration', 'after_1', [migrate('1', '1'), migrate('2', '2')], [], ['2']],
  [
    'a migration and its rollback leave nothing',
    'before_2',
    [migrate('2', '2'), rollback('3', 'before_2', { undone: ['2'] })],
    [['3', '2']],
    [],
  ],
  ['the same where nothing was kept', 'before_2', [migrate('2', '2'), rollback('3', 'before_2', { undone: ['2'] })], [], []],
  [
    'a migration that history does not name any more, undone by its copies',
    'before_1',
    [migrate('1', '1'), migrate('2', '2'), rollback('3', 'before_2')],
    [['3', '2']],
    ['1'],
  ],
  [
    'to undo a rollback is to undo it alone',
    'present_3',
    [migrate('2', '2'), rollback('3', 'before_2', { undone: ['2'] })],
    [['3', '2']],
    ['3'],
  ],
  ['a rollback of what was made by hand', 'present_2', [migrate('1', '1'), rollback('2', 'after_1')], [], ['2']],
  [
    'a rollback that was undone stands for what it had undone',
    'before_2',
    [migrate('2', '2', half), rollback('3', 'before_2', { undone: ['2'] }), rollback('4', 'present_3')],
    [
      ['3', '2'],
      ['4', '3'],
    ],
    ['4'],
  ],
  [
    'a rollback of two, which is two runs',
    'present_3',
    [
      migrate('1', '1'),
      migrate('2', '2'),
      rollback('3', 'before_1', { undone: ['2'] }),
      rollback('4', 'before_1', { undone: ['1'], snapshotBefore: 'present_3' }),
    ],
    [
      ['3', '2'],
      ['4', '1'],
    ],
    ['3', '4'],
  ],
  [
    'a migration that was applied again',
    'present_3',
    [migrate('2', '2'), rollback('3', 'before_2', { undone: ['2'] }), migrate('4', '2')],
    [
      ['3', '2'],
      ['4', '3'],
    ],
    [],
  ],
  ['one that failed and was taken back', 'before_2', [migrate('2', '2', { status: 'undone' })], [], []],
  ['a snapshot that no run knows', 'other', [migrate('2', '2')], [], []],
])('runs whose effect on rows is still there: %s', (_, goal, runs, returns, expected) => {
  expect(
    outstandingOf(
      runsSince(goal, runs),
      returns.map(([by, of]) => ({ by, of })),
    ),
  ).toEqual(expected);
});

test.each<[string, Brief[], string[], string[]]>([
  ['one that stopped', [migrate('1', '1'), migrate('2', '2', half)], ['1'], ['2']],
  ['one that failed with no step done', [migrate('2', '2', { status: 'failed', progress: { done: 0, of: 3 } })], [], []],
  ['recorded by hand', [migrate('2', '2', half)], ['2'], []],
  ['rolled back', [migrate('2', '2', half), rollback('3', 'before_2', { undone: ['2'] })], [], []],
  [
    'rolled back, and that undone',
    [migrate('2', '2', half), rollback('3', 'before_2', { undone: ['2'] }), rollback('4', 'present_3')],
    [],
    ['2'],
  ],
  [
    'rolled back once more',
    [migrate('2', '2', half), rollback('3', 'before_2', { undone: ['2'] }), rollback('4', 'present_3'), rollback('5', 'present_4')],
    [],
    [],
  ],
  [
    'rolled back with another, and that undone',
    [
      migrate('1', '1'),
      migrate('2', '2', half),
      rollback('3', 'before_1', { undone: ['2'] }),
      rollback('4', 'before_1', { undone: ['1'], snapshotBefore: 'present_3' }),
      rollback('5', 'present_3', { restored: ['1'] }),
    ],
    ['1'],
    ['2'],
  ],
  ['gone on with', [migrate('2', '2', { ...half, status: 'done' })], [], []],
])('what is half done: %s', (_, runs, applied, expected) => {
  expect(
    halfDone(
      runs,
      applied.map((version) => ({ version })),
    ).map(({ id }) => id),
  ).toEqual(expected);
});
