import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { historyStatements, splitStatements, textOfStatements } from '../../src/migration/statements.ts';

const texts = async (sql: string) => (await splitStatements(sql)).map((statement) => statement.text);
const problemOf = async (sql: string) => {
  const problem = await splitStatements(sql, 'a.sql').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  return problem as Problem;
};

describe('splitStatements', () => {
  test('semicolons inside strings, identifiers, dollar quotes and comments do not split', async () => {
    const parts = [
      `select 'a;b', 'it''s; one', E'it\\'s; one', E'\\\\', U&'d\\0061;t', $$;$$, $a$;$$;$a$`,
      `select 1 as "x;""y", $1::text`,
      '-- one; line\nselect /* a; /* nested; */ b; */ 2',
      `select a$b, c$ from d as "e" where f = '\\'`,
      'do $do$ begin perform 1; end $do$',
      `select 'a'\n  'b;'`,
      'select x--y;\n',
    ];
    expect(await texts(`${parts.join(';\n')};`)).toEqual(parts.map((part) => part.trim()));
  });

  test('a BEGIN ATOMIC body with CASE … END is one statement, and so is a rule of several commands', async () => {
    const sql = `create function f(a int) returns int language sql
begin atomic
  select case when a > 0 then case a when 1 then 2 end else 3 end;
  select 1;
end;
create rule r as on insert to t do also (insert into u values ((1)); delete from u);
create table atomic (begin int, atomic int);
select 1`;
    const statements = await splitStatements(sql);
    expect(statements.map(({ kind, line }) => [kind, line])).toEqual([
      ['CreateFunctionStmt', 1],
      ['RuleStmt', 6],
      ['CreateStmt', 7],
      ['SelectStmt', 8],
    ]);
  });

  test('where the quick cut is wrong the parser decides', async () => {
    const sql = `create function f() returns int language sql begin atomic select t.case from t; end;
create function g() returns int language sql begin atomic select 1 as end; select 2; end; select 3`;
    expect((await splitStatements(sql)).map(({ kind, line }) => [kind, line])).toEqual([
      ['CreateFunctionStmt', 1],
      ['CreateFunctionStmt', 2],
      ['SelectStmt', 2],
    ]);
  });

  test('offsets are those of the text, also behind characters of two, three and four bytes', async () => {
    const sql = '-- é\nselect \'ü😀\';\r\n\r\n/* 日本 */ create table "tä😀" ();;\n-- end';
    const statements = await splitStatements(sql);
    expect(statements.map(({ start, end }) => sql.slice(start, end))).toEqual(statements.map(({ text }) => text));
    expect(statements.map(({ line, first }) => [line, sql.slice(first, first + 6)])).toEqual([
      [2, 'select'],
      [4, 'create'],
    ]);
  });

  test('an empty file and a file of comments have no statements', async () => {
    expect(await splitStatements('')).toEqual([]);
    expect(await splitStatements(' ;;\n-- c\n;/* d */')).toEqual([]);
  });

  test('a syntax error names line, column and the text of the line', async () => {
    const problem = await problemOf("select 1;\n-- ä\nselect 'éé😀' fromm x y;\nselect 2;");
    expect(problem).toMatchObject({ code: 'bad_sql', message: expect.stringContaining('syntax error at or near "x"') });
    expect(problem.place).toEqual({ file: 'a.sql', line: 3, column: 20, text: "select 'éé😀' fromm x y;" });
    expect(problem.exitCode).toBe(1);
  });

  test('an unterminated string, dollar quote, comment or parenthesis is found where it is', async () => {
    expect((await problemOf("select 1;\n  select 'abc;\n")).place).toMatchObject({ line: 2, column: 10 });
    expect((await problemOf('select 1;\ndo $$ begin; end;\n')).place).toMatchObject({ line: 2, column: 4 });
    expect((await problemOf('select 1; /* abc')).place).toMatchObject({ line: 1, column: 11 });
    expect((await problemOf('create table t (a int;\nselect 1;')).place).toMatchObject({ line: 1, column: 22 });
    expect((await problemOf('select (1')).message).toContain('at end of input');
  });

  test('psql commands are refused with their line', async () => {
    const restrict = await problemOf('-- dump\n\\restrict abc\nselect 1;');
    expect(restrict).toMatchObject({ code: 'bad_sql', message: expect.stringContaining('\\restrict') });
    expect(restrict.place?.line).toBe(2);
    expect((await problemOf('select 1 \\gexec\n')).message).toContain('\\gexec');
    expect((await problemOf("select\n 1 2 'x' \\n")).place).toMatchObject({ line: 2, column: 4 });
    expect((await problemOf('\\copy t from rows.csv\n')).next).toContain('COPY … FROM stdin');
    expect(await texts("select '\n\\restrict'; copy t to stdout")).toHaveLength(2);
  });
});

describe('the rows behind COPY … FROM stdin', () => {
  const rows = "1\tit's; \\\\i\n\\.x\n";
  const sql = `select 1;\n-- load\nCOPY public.t (a, b) FROM stdin WITH (null '-'); -- rows\n${rows}\\.\nselect 2;\n`;

  test('belong to their statement, whatever they hold, and SQL goes on behind them', async () => {
    for (const text of [sql, sql.replaceAll('\n', '\r\n'), sql.slice(0, sql.indexOf('select 2') - 1)]) {
      const [, copy, after] = await splitStatements(text);
      expect(text.slice(copy!.data!.from, copy!.data!.to).replaceAll('\r\n', '\n')).toBe(rows);
      expect(text.slice(copy!.first, copy!.end)).toBe("COPY public.t (a, b) FROM stdin WITH (null '-')");
      expect(copy!.text.endsWith('\n\\.')).toBe(true);
      expect(after?.line).toBe(text.includes('select 2') ? 7 : undefined);
    }
  });

  test('are recorded with it, and a file written from what was recorded holds the same', async () => {
    const recorded = historyStatements(sql);
    expect(recorded).toEqual((await splitStatements(sql)).map(({ text }) => text));
    expect(historyStatements(textOfStatements(recorded))).toEqual(recorded);
  });

  test('must begin on the next line and have an end', async () => {
    const { code, place, next } = await problemOf('select 1;\ncopy t from stdin;\n1\n2\n');
    expect([code, place?.line]).toEqual(['bad_sql', 2]);
    expect(next).toContain('after the last of them');
    expect((await problemOf('copy t from stdin')).next).toBe(next);
    expect(await problemOf('copy t from stdin; select 1;\n1\n\\.\n')).toMatchObject({
      code: 'bad_sql',
      next: expect.stringContaining('Move the rest of the line'),
    });
    expect(await texts('copy (select a from stdin) to stdout; copy stdin to stdout')).toHaveLength(2);
  });
});

describe('historyStatements', () => {
  test('keeps comments with what follows and drops empty statements', () => {
    expect(historyStatements('-- a\nselect 1 ;;\r\n; -- b\nselect 2;\n-- c\n')).toEqual(['-- a\nselect 1', '-- b\nselect 2', '-- c']);
    expect(historyStatements('')).toEqual([]);
    expect(historyStatements('\ufeffselect 1')).toEqual(['select 1']);
  });
});
