import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareHistory, type HistoryRow } from '../../src/migration/order.ts';
import { listMigrations, readMigrationText } from '../../src/migration/read.ts';
import { historyStatements } from '../../src/migration/statements.ts';
import { withClient } from '../../src/target/connection.ts';
import { type TestDatabase, withEmptyDatabase } from '../postgres/database.ts';

/** Files that run; the name says what is nasty about them. */
const runnable: Record<string, string> = {
  empty: '',
  only_space: ' \n\t\r\n ',
  only_semicolons: ';;\n;;',
  byte_order_mark: '\ufeffselect 1;',
  only_byte_order_mark: '\ufeff',
  crlf: 'select 1;\r\nselect\r\n 2;\r\n-- c\r\nselect 3\r\n;\r\n',
  comment_after_the_last: 'select 1; -- tail\n/* x;y */',
  own_transaction: 'BEGIN;\ncreate table in_own(a int);\nCOMMIT;',
  form_feeds: '\f\vselect 1\f;\vselect 2',
  escape_strings: "select E'it\\'s; x', E'\\\\'; select 2",
  backslashes: "select 'a\\'; select 'b;c'",
  rule: 'create table t(a int); create table u(a int);\ncreate rule r as on insert to t do also (delete from u; delete from u);select 1',
  atomic: 'create function f() returns int language sql begin atomic select case when true then 1 else 2 end; select 2; end; select 1',
  atomic_as_a_name: 'create table a1(atomic int); select 1; create table a2 ( atomic  int, b int); select 2',
  word_with_end_in_it: 'create function f2() returns int language sql begin atomic select 1 as attend; select 2; end; select 1',
  dollar_quotes: "select $x$y$x$, $é$a;b$é$; do $$ begin perform ';$x$'; end $$; select 1 as a$b$",
  nested_comments: '/* a /* b; */ c; */ select 1; -- x; y\nselect 2',
  minus_and_slash: 'select 1-1; select 2- -1;select 3/2;select 4',
  doubled_quotes: "create table \"a;\"\"b\"(); select ''';'''; select 1",
  carriage_return_ends_a_comment: '-- a\rselect 1; select 2',
  many_semicolons: 'select 1 ;;; ; select 2 ; ;',
  unicode_escapes: "select U&'d\\0061;'; select 'x'\n 'y;z'",
  'odd@name,ä': 'select 1;',
  concurrently: 'create index concurrently i on t (a);\nselect 1;',
};

/** Files that need not run: `migration repair` records them all the same. */
const recordable: Record<string, string> = {
  ...runnable,
  only_comment: '-- only',
  comment_before_semicolon: '-- a\n;-- b\n; select 1',
  wide_spaces: 'select 1;\u00a0\u00a0\nselect 2;\u0085 \u2003select 3;\u200b',
  mark_in_the_middle: 'select 1;\ufeff\nselect 2',
  parameters: 'select $1; select $2',
  unfinished_tag: 'select $tag; select 2',
  semicolon_in_parentheses: 'select (1;2); select 3',
};

let workdir: string;
beforeAll(async () => {
  workdir = await mkdtemp(join(tmpdir(), 'cli-history-'));
});
afterAll(() => rm(workdir, { recursive: true }));

async function record(files: Record<string, string>, database: TestDatabase, command: 'up' | 'repair') {
  const project = await mkdtemp(join(workdir, 'project-'));
  const folder = join(project, 'supabase', 'migrations');
  await mkdir(folder, { recursive: true });
  await writeFile(join(project, 'supabase', 'config.toml'), 'project_id = "history"\n');
  const versions: string[] = [];
  for (const [name, sql] of Object.entries(files)) {
    const version = String(20250101000001 + versions.length);
    versions.push(version);
    await writeFile(join(folder, `${version}_${name}.sql`), sql);
  }
  const what = command === 'up' ? ['up'] : ['repair', '--status', 'applied', ...versions];
  await execa('supabase', ['migration', ...what, `--remote=${database.url}`, '--yes'], {
    cwd: project,
    preferLocal: true,
    localDir: import.meta.dirname,
  });
  const { migrations } = await listMigrations(folder);
  const rows = await withClient(database.settings, async (client) => {
    const query = 'select version, name, statements from supabase_migrations.schema_migrations order by version';
    return (await client.query<HistoryRow>(query)).rows;
  });
  return { rows, local: await Promise.all(migrations.map(({ path }) => readMigrationText(path))) };
}

test.each(['up', 'repair'] as const)('historyStatements gives what the CLI records with migration %s', (command) =>
  withEmptyDatabase(17, async (database) => {
    const { rows, local } = await record(command === 'up' ? runnable : recordable, database, command);
    const ours = local.map(({ name, text }) => ({
      version: name.version,
      name: name.name,
      statements: historyStatements(text),
    }));
    expect(ours).toEqual(rows);
    expect(ours).toHaveLength(Object.keys(command === 'up' ? runnable : recordable).length);
    const compared = compareHistory(ours, rows);
    expect(compared.applied).toHaveLength(rows.length);
    expect([...compared.edited, ...compared.unknown, ...compared.missing, ...compared.pending]).toEqual([]);
  }),
);

test('rows behind COPY, which the CLI takes for SQL, do not count as edited', () =>
  withEmptyDatabase(17, async (database) => {
    const copy = 'create table t (a int, b text);\ncopy t from stdin;\n1\ta;b\n2\tc\n\\.\nselect 1;\n';
    const { rows, local } = await record({ copy, second: `select 0;\n${copy}-- end\n` }, database, 'repair');
    const ours = local.map(({ name, text }) => ({ version: name.version, statements: historyStatements(text) }));
    expect(rows[0]?.statements).not.toEqual(ours[0]?.statements);
    expect(compareHistory(ours, rows).edited).toEqual([]);
  }));

test('a rule that the CLI cuts in two at an inner parenthesis does not count as edited', () =>
  withEmptyDatabase(17, async (database) => {
    const rule = 'create rule r as on insert to t do also (insert into u values (1); delete from u);';
    const { rows, local } = await record({ rule }, database, 'repair');
    expect(rows[0]?.statements).toHaveLength(2);
    const ours = local.map(({ name, text }) => ({ version: name.version, statements: historyStatements(text) }));
    expect(ours[0]?.statements).toHaveLength(1);
    expect(compareHistory(ours, rows).edited).toEqual([]);
  }));
