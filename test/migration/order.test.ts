import { expect, test } from 'vitest';
import { compareHistory } from '../../src/migration/order.ts';

const file = (version: string, ...statements: string[]) => ({ version, statements });
const row = (version: string, ...statements: string[]) => ({ version, name: 'x', statements });

test('files are applied, pending or late, and rows without a file are missing', () => {
  const result = compareHistory([file('4', 'd'), file('1', 'a'), file('2', 'b')], [row('3', 'c'), row('1', 'a')]);
  expect(result.applied.map(({ version }) => version)).toEqual(['1']);
  expect(result.late.map(({ version }) => version)).toEqual(['2']);
  expect(result.pending.map(({ version }) => version)).toEqual(['4']);
  expect(result.missing.map(({ version }) => version)).toEqual(['3']);
  expect(result.edited).toEqual([]);
});

test('an edited file shows the first statement that differs', () => {
  const result = compareHistory([file('1', 'a', 'b', 'c'), file('2', 'a', 'b')], [row('1', 'a', 'x', 'c'), row('2', 'a')]);
  expect(result.edited).toEqual([
    { version: '1', firstDifference: { index: 1, recorded: 'x', local: 'b' } },
    { version: '2', firstDifference: { index: 1, recorded: undefined, local: 'b' } },
  ]);
});

test('a row without statements can not tell whether the file was edited', () => {
  const empty = { version: '1', name: null, statements: null };
  const result = compareHistory([file('1', 'a'), file('2', 'b'), file('3')], [empty, row('2'), row('3')]);
  expect(result.edited).toEqual([]);
  expect(result.unknown.map(({ version }) => version)).toEqual(['1', '2']);
});

test('the same text cut at other semicolons, or with other line ends, is no edit', () => {
  const result = compareHistory(
    [file('1', 'create rule r do (a; b)'), file('2', 'a\r\nb', '-- c')],
    [row('1', 'create rule r do (a', 'b)'), row('2', 'a\nb', '-- c;')],
  );
  expect(result.edited).toEqual([]);
});
