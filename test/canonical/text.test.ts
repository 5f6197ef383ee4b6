import { expect, test } from 'vitest';
import { canonicalDump, compareDumps } from '../../src/snapshot/canonical.ts';
import { joinDump, splitDump } from '../../src/snapshot/canonical-entries.ts';

const entry = (title: string, body: string) => `--\n-- Name: ${title}\n--\n\n${body}\n\n\n`;
const dump = (entries: string[], version = '15.18') =>
  `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version ${version}\n\nSET client_encoding = 'UTF8';\n\n${entries.join('')}--\n-- PostgreSQL database dump complete\n--\n`;
const table = (columns: string[], owner = 'postgres') =>
  entry(
    `t; Type: TABLE; Schema: app; Owner: ${owner}`,
    `CREATE TABLE app.t (\n    ${columns.join(',\n    ')}\n);\n\n\nALTER TABLE app.t OWNER TO ${owner};`,
  );
const equal = (before: string[], after: string[]) => compareDumps(dump(before), dump(after)).equal;

test('the versions and keys of the header do not count', () => {
  const body = [table(['a integer'])];
  expect(canonicalDump(dump(body, '15.18'))).toBe(canonicalDump(`\\restrict abc\n${dump(body, '15.19')}\n\\unrestrict abc\n`));
});

test('columns are told apart by a scanner, not by commas: quotes, brackets, arrays, escapes, dollar quotes', () => {
  const columns = [
    `"a, (" text DEFAULT 'it''s, )'::text`,
    `b text DEFAULT E'\\', ('::text`,
    'c numeric(10,2)[] DEFAULT ARRAY[(1)::numeric, (2)::numeric]',
    `d text DEFAULT $q$, $$ ($q$::text`,
    `CONSTRAINT "x""," CHECK ((b <> ALL (ARRAY['(', ','])))`,
  ];
  expect(equal([table(columns)], [table([...columns].reverse())])).toBe(true);
  for (const [index] of columns.entries()) {
    const changed = columns.map((column, at) => (at === index ? column.replace(', ', ',  ').replace("','", "',,'") : column));
    expect(equal([table(columns)], [table([...changed].reverse())]), columns[index]).toBe(false);
  }
});

test('a body that holds what looks like a comment block stays one body', () => {
  const fake = '--\n-- Name: fake; Type: TABLE; Schema: app; Owner: nobody\n--\n\nCREATE TABLE fake (\n    b integer,\n    a integer\n);\n';
  const wrappers: ((text: string) => string)[] = [
    (text) => `CREATE FUNCTION app.f() RETURNS void\n    LANGUAGE plpgsql\n    AS $_$\n${text}$_$;`,
    (text) => `COMMENT ON TABLE app.t IS 'it''s\n${text}';`,
    (text) => `CREATE VIEW app.v AS\n SELECT E'\\'\n${text}' AS x;`,
    (text) => `CREATE TABLE app."a\n${text.replaceAll('"', '')}" (\n);`,
  ];
  for (const wrap of wrappers) {
    const sql = dump([entry('f(); Type: FUNCTION; Schema: app; Owner: postgres', wrap(fake)), table(['a integer'])]);
    expect(splitDump(sql).entries).toHaveLength(2);
    expect(joinDump(splitDump(sql))).toBe(sql);
    const swapped = sql.replace('    b integer,\n    a integer\n', '    a integer,\n    b integer\n');
    expect(compareDumps(sql, swapped).differences).toHaveLength(1);
  }
});

test('a name with a quote in it, as it stands in the comment block, opens no string', () => {
  const sql = dump([entry("it's; Type: TABLE; Schema: app; Owner: o'x", `CREATE TABLE app."it's" (\n);`), table(['a integer'])]);
  expect(splitDump(sql).entries).toHaveLength(2);
});

test('a label that moved inside an enum, a range, a function, a key is a change', () => {
  const pairs = [
    ['TYPE', `CREATE TYPE app.e AS ENUM (\n    'a',\n    'b'\n);`, `CREATE TYPE app.e AS ENUM (\n    'b',\n    'a'\n);`],
    [
      'CONSTRAINT',
      'ALTER TABLE ONLY app.t\n    ADD CONSTRAINT k UNIQUE (a, b);',
      'ALTER TABLE ONLY app.t\n    ADD CONSTRAINT k UNIQUE (b, a);',
    ],
    ['TABLE', 'CREATE TABLE app.t OF app.x\nPARTITION BY LIST (a, b);', 'CREATE TABLE app.t OF app.x\nPARTITION BY LIST (b, a);'],
    [
      'TABLE',
      'CREATE TABLE app.t (\n    a integer\n)\nINHERITS (app.x, app.y);',
      'CREATE TABLE app.t (\n    a integer\n)\nINHERITS (app.y, app.x);',
    ],
    ['VIEW', 'CREATE VIEW app.v AS\n SELECT a, b FROM t;', 'CREATE VIEW app.v AS\n SELECT b, a FROM t;'],
  ];
  for (const [type, before = '', after = ''] of pairs) {
    const title = `x; Type: ${type}; Schema: app; Owner: postgres`;
    expect(equal([entry(title, before)], [entry(title, after)]), before).toBe(false);
  }
});

test('grants of one ACL are a set, and each keeps the role that gave it', () => {
  const title = 'TABLE t; Type: ACL; Schema: app; Owner: postgres';
  const [a, b] = ['GRANT SELECT ON TABLE app.t TO a;', 'GRANT ALL ON TABLE app.t TO b;'];
  const by = (role: string, grant: string) => `SET SESSION AUTHORIZATION ${role};\n${grant}\nRESET SESSION AUTHORIZATION;`;
  expect(equal([entry(title, `${a}\n${by('x', b)}`)], [entry(title, `${by('x', b)}\n${a}`)])).toBe(true);
  expect(equal([entry(title, `${a}\n${by('x', b)}`)], [entry(title, `${b}\n${by('x', a)}`)])).toBe(false);
  expect(equal([entry(title, `${a}\n${b}`)], [entry(title, `${a}\n${a}`)])).toBe(false);
});

test('an object that exists twice counts twice', () => {
  expect(equal([table(['a integer']), table(['a integer'])], [table(['a integer'])])).toBe(false);
});

test('a setting governs the table that follows it, wherever that now stands', () => {
  const set = `SET default_table_access_method = other;\n\n`;
  const second = entry('u; Type: TABLE; Schema: app; Owner: postgres', 'CREATE TABLE app.u (\n);');
  const back = `SET default_table_access_method = heap;\n\n`;
  expect(equal([set, table(['a integer']), back, second], [second, set, table(['a integer']), back])).toBe(true);
  expect(equal([set, table(['a integer']), back, second], [set, table(['a integer']), second, back])).toBe(false);
});

test('differences name the object and the lines, and stay short', () => {
  const many = Array.from({ length: 100 }, (_, index) => `c${index} integer`);
  const { differences } = compareDumps(
    dump([
      table(['a integer', `b text DEFAULT 'x'`]),
      entry('gone; Type: SEQUENCE; Schema: app; Owner: postgres', 'CREATE SEQUENCE app.gone;'),
    ]),
    dump([table([`b text DEFAULT 'y'`, 'a integer', ...many], 'other')]),
  );
  expect(differences).toHaveLength(2);
  expect(differences[0]).toMatch(
    /^changed: Name: t; Type: TABLE; Schema: app; Owner: postgres \(now Owner: other\)\n {2}- {5}b text DEFAULT 'x',/,
  );
  expect(differences[0]?.split('\n').length).toBeLessThan(30);
  expect(differences[1]).toBe('missing: Name: gone; Type: SEQUENCE; Schema: app; Owner: postgres');
});

test('a dump of 10 MB is compared in a few seconds', () => {
  const body = `CREATE FUNCTION app.f() RETURNS void\n    LANGUAGE plpgsql\n    AS $$${"it's; (a) -- $x \n".repeat(300_000)}$$;`;
  const tables = Array.from({ length: 10_000 }, (_, index) =>
    entry(
      `t${index}; Type: TABLE; Schema: app; Owner: postgres`,
      `CREATE TABLE app.t${index} (\n    a text DEFAULT ','::text,\n    b integer\n);`,
    ),
  );
  const before = dump([entry('f(); Type: FUNCTION; Schema: app; Owner: postgres', body), ...tables]);
  const after = before.replaceAll("    a text DEFAULT ','::text,\n    b integer\n", "    b integer,\n    a text DEFAULT ','::text\n");
  // Of this process: a busy machine makes it wait, not work.
  const start = process.cpuUsage();
  expect(compareDumps(before, after).equal).toBe(true);
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(5_000);
});
