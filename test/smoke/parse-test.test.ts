import { expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { parseSmokeTest } from '../../src/smoke/parse-test.ts';

const parse = (text: string) => parseSmokeTest('supabase/tests/v0.7.0_smoke_test.sql', text);
const refusal = async (text: string): Promise<Problem> => {
  const error = await parse(text).then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
};
const placeOf = async (text: string) => {
  const { code, place } = await refusal(text);
  expect(code).toBe('bad_test');
  return [place?.line, place?.column];
};

test('a leading BEGIN and a trailing ROLLBACK are taken off', async () => {
  const read = await parse('-- as the CLI writes it\nbegin;\nselect 1;\nselect 2;\nrollback;\n');
  expect(read.version).toBe('v0.7.0');
  expect(read.statements.map(({ text }) => text)).toEqual(['select 1', 'select 2']);
});

test('START TRANSACTION, ABORT, a byte order mark and CRLF are understood', async () => {
  const read = await parse('\ufeffSTART TRANSACTION;\r\nselect 1;\r\nABORT;\r\n');
  expect(read.statements.map(({ text }) => text)).toEqual(['select 1']);
});

test('a file of nothing but BEGIN and ROLLBACK has no statements', async () => {
  for (const text of ['', '  \n', '-- to do\n', 'BEGIN; ROLLBACK;', 'BEGIN', 'ROLLBACK;'])
    expect((await parse(text)).statements).toEqual([]);
});

test.each([
  ['BEGIN;\nselect 1;\n  COMMIT;', 3, 3],
  ['select 1;\nEND;', 2, 1],
  ['BEGIN;\nselect 1;\nROLLBACK;\nselect 2;\nROLLBACK;', 3, 1],
  ['BEGIN;\nselect 1;\nROLLBACK AND CHAIN;', 3, 1],
  ['BEGIN;\nselect 1;\nCOMMIT AND CHAIN;', 3, 1],
  ["select 'é', 1; prepare transaction 'x';", 1, 16],
  ["COMMIT PREPARED 'x';", 1, 1],
  ['select 1;\nBEGIN;\nROLLBACK;', 2, 1],
  ['BEGIN ISOLATION LEVEL SERIALIZABLE;\nselect 1;', 1, 1],
  ['BEGIN;\nSAVEPOINT a;\nROLLBACK;', 2, 1],
  ['BEGIN;\nROLLBACK TO a;\nROLLBACK;', 2, 1],
  ['BEGIN;\nRELEASE a;\nROLLBACK;', 2, 1],
  ['ROLLBACK;\nROLLBACK;', 1, 1],
])('%j is refused with its line', async (text, line, column) => {
  const problem = await refusal(text);
  expect([problem.place?.line, problem.place?.column]).toEqual([line, column]);
  expect([problem.exitCode, problem.code]).toEqual([3, 'bad_test']);
  expect(problem.state).toBe('The test was not run.');
});

test('psql commands, COPY FROM stdin and wrong syntax are told with their line', async () => {
  expect(await placeOf('select 1;\n\\set ON_ERROR_STOP 1\n')).toEqual([2, 1]);
  expect(await placeOf('select 1;\ncopy t from stdin;\n1\n\\.\n')).toEqual([2, 1]);
  expect(await placeOf("select 'é😀' form x y;")).toEqual([1, 18]);
  expect((await refusal('\\i other.sql')).next).toContain('smoke test');
});

test('words of transaction control inside strings and functions are left alone', async () => {
  const read = await parse("select 'commit;';\ndo $$ begin perform 1; end $$;\n-- rollback;\nselect 2;");
  expect(read.statements).toHaveLength(3);
});
