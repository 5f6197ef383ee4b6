import { describe, expect, test } from 'vitest';
import { canonicalDump, compareDumps } from '../../src/snapshot/canonical.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { withClient } from '../../src/target/connection.ts';
import { makeEveryKind } from '../pg-dump/every-kind.ts';
import { majors, ownServers, withEmptyDatabase } from '../postgres/database.ts';

ownServers();

/** What compareDumps says of a database before and after some SQL. */
const compareAround = async (major: number, change: string, prepare = '') =>
  withEmptyDatabase(major, async ({ superuser }) => {
    await makeEveryKind(superuser);
    const run = (sql: string) => withClient(superuser, (client) => client.query(sql));
    const dump = async () => (await dumpSchema(superuser, { choice: 'bundled', serverVersion: major * 10_000 })).sql;
    if (prepare) await run(prepare);
    const before = await dump();
    await run(change);
    const after = await dump();
    expect(after).not.toBe(before);
    const result = compareDumps(before, after);
    expect(canonicalDump(before) === canonicalDump(after)).toBe(result.equal);
    return result;
  });

describe.each(majors)('PostgreSQL %i', (major) => {
  test('a column that came back, with comment, grants, settings and default, is the same state', async () => {
    const result = await compareAround(
      major,
      `ALTER PUBLICATION lines DROP TABLE app.lines;
       ALTER TABLE app.lines DROP COLUMN a;
       ALTER TABLE app.lines ADD COLUMN a numeric(8,2) DEFAULT (replace('1,5', ',', '.'))::numeric NOT NULL;
       ALTER TABLE app.lines ALTER COLUMN a SET STATISTICS 50;
       COMMENT ON COLUMN app.lines.a IS 'the first, once; (really)';
       GRANT SELECT (a) ON app.lines TO dump_reader;
       CREATE STATISTICS app.lines_stats ON a, b, (c || 'x') FROM app.lines;
       ALTER PUBLICATION lines ADD TABLE app.lines (a, b)`,
      `CREATE TABLE app.lines (a numeric(8,2) DEFAULT (replace('1,5', ',', '.'))::numeric NOT NULL, b text DEFAULT ')', c text, CHECK (b <> 'x, y)'));
       ALTER TABLE app.lines ALTER COLUMN a SET STATISTICS 50;
       ALTER TABLE app.lines ALTER COLUMN b SET STATISTICS 60;
       COMMENT ON COLUMN app.lines.a IS 'the first, once; (really)';
       COMMENT ON COLUMN app.lines.b IS 'b';
       GRANT SELECT (a), UPDATE (b) ON app.lines TO dump_reader;
       CREATE STATISTICS app.lines_stats ON a, b, (c || 'x') FROM app.lines;
       CREATE PUBLICATION lines FOR TABLE app.lines (a, b)`,
    );
    expect(result).toEqual({ equal: true, differences: [] });
  });

  test('an attribute of a composite type that came back is the same state', async () => {
    const result = await compareAround(
      major,
      `ALTER TYPE app.trio DROP ATTRIBUTE "a, (b)"; ALTER TYPE app.trio ADD ATTRIBUTE "a, (b)" numeric(4,1)[];
       COMMENT ON COLUMN app.trio."a, (b)" IS 'one'`,
      `CREATE TYPE app.trio AS ("a, (b)" numeric(4,1)[], b text COLLATE "C", c integer); COMMENT ON COLUMN app.trio."a, (b)" IS 'one'; COMMENT ON COLUMN app.trio.b IS 'two'`,
    );
    expect(result).toEqual({ equal: true, differences: [] });
  });

  test('a column that came back to a parent, and so to its children and partitions, is the same state', async () => {
    const result = await compareAround(
      major,
      `ALTER TABLE app.base DROP COLUMN a; ALTER TABLE app.base ADD COLUMN a integer DEFAULT 1;
       ALTER TABLE app.parted DROP COLUMN a; ALTER TABLE app.parted ADD COLUMN a integer DEFAULT 1`,
      `CREATE TABLE app.base (a integer DEFAULT 1, b text); CREATE TABLE app.derived (c integer) INHERITS (app.base);
       CREATE TABLE app.parted (a integer DEFAULT 1, b text) PARTITION BY LIST (b); CREATE TABLE app.part PARTITION OF app.parted FOR VALUES IN ('x')`,
    );
    expect(result).toEqual({ equal: true, differences: [] });
  });

  test('the same grants in another order are the same state', async () => {
    const result = await compareAround(
      major,
      `REVOKE ALL ON app.people FROM dump_reader; GRANT SELECT, INSERT ON app.people TO dump_reader;
       REVOKE ALL ON FUNCTION app.touch() FROM dump_reader; GRANT EXECUTE ON FUNCTION app.touch() TO dump_reader`,
      `GRANT SELECT ON app.people TO "Odd ""Role"""`,
    );
    expect(result).toEqual({ equal: true, differences: [] });
  });

  test('objects that are dropped and made again in another order are the same state', async () => {
    const one = `CREATE TABLE app.one (id int PRIMARY KEY); COMMENT ON TABLE app.one IS 'one'; GRANT SELECT ON app.one TO dump_reader`;
    const two = `CREATE VIEW app.two AS SELECT * FROM app.names; CREATE FUNCTION app.one(text) RETURNS int LANGUAGE sql AS 'SELECT 1'`;
    const tie = 'ALTER TABLE app.one ADD FOREIGN KEY (id) REFERENCES app.orders; CREATE INDEX ON app.one (id)';
    const again = `DROP TABLE app.one; DROP VIEW app.two; DROP FUNCTION app.one(text); ALTER TABLE app.fast DROP x; ALTER TABLE app.fast ADD x int`;
    const result = await compareAround(major, `${again}; ${two}; ${one}; ${tie}`, `ALTER TABLE app.fast ADD y int; ${one}; ${two}; ${tie}`);
    expect(result).toEqual({ equal: true, differences: [] });
  });

  const changes: [string, string, RegExp][] = [
    [
      'a default',
      `ALTER TABLE app.events_rest ALTER kind SET DEFAULT 'sad'`,
      /^changed: Name: events_rest; Type: TABLE;[\s\S]*- .*'x'[\s\S]*\+ .*'sad'/,
    ],
    [
      'a default that only moved to another column',
      `ALTER TABLE ONLY app.orders ALTER boss SET DEFAULT nextval('app.counter'); ALTER TABLE app.orders ALTER qty DROP DEFAULT`,
      /^changed: Name: orders; Type: TABLE/,
    ],
    ['NOT NULL', 'ALTER TABLE app.people ALTER email DROP NOT NULL', /- .*email app.citext NOT NULL,\n.*\+ .*email app.citext,$/],
    [
      'a type',
      'ALTER TABLE app.child ALTER c TYPE bigint',
      /^changed: Name: child; Type: TABLE;.*\n {2}- {5}c integer,?\n {2}\+ {5}c bigint,?$/,
    ],
    ['a lost comment', 'COMMENT ON COLUMN app.people.note IS NULL', /^missing: Name: COLUMN people.note; Type: COMMENT/],
    ['another comment', `COMMENT ON TABLE app.people IS 'others'`, /^changed: Name: TABLE people; Type: COMMENT[\s\S]*\+ .*'others'/],
    ['a lost grant', 'REVOKE INSERT ON app.people FROM dump_reader', /^changed: Name: TABLE people; Type: ACL[\s\S]*- GRANT SELECT,INSERT/],
    ['a lost column grant', 'REVOKE UPDATE (mood) ON app.people FROM PUBLIC', /Name: COLUMN people.mood; Type: ACL/],
    [
      'a lost default privilege',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM dump_reader',
      /^missing: Name: DEFAULT PRIVILEGES FOR TABLES/,
    ],
    ['an owner', 'ALTER TABLE app.fast OWNER TO dump_reader', /^changed: Name: fast; Type: TABLE; .* \(now Owner: dump_reader\)/],
    ['a policy', 'ALTER POLICY "read all" ON app.people USING (false)', /^changed: Name: people read all; Type: POLICY/],
    ['row security', 'ALTER TABLE app.people DISABLE ROW LEVEL SECURITY', /^missing: Name: people; Type: ROW SECURITY/],
    [
      'the access method',
      'DROP TABLE app.other_method; CREATE TABLE app.other_method (x integer)',
      /^changed: Name: other_method; Type: TABLE;[\s\S]*- SET default_table_access_method = heap2;/,
    ],
    [
      'a line of a function',
      `CREATE OR REPLACE FUNCTION app.large() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN\n-- very short\nRETURN 1; END $$`,
      /- -- very long\n {2}\+ -- very short/,
    ],
    ['a trigger that is off', 'ALTER TABLE app.people ENABLE TRIGGER later_touch', /later_touch; Type: TRIGGER/],
  ];

  test('every other change shows, each as one readable difference', async () => {
    const { equal, differences } = await compareAround(major, changes.map(([, sql]) => sql).join('; '));
    expect(equal).toBe(false);
    for (const [what, , shown] of changes) {
      expect(
        differences.filter((each) => shown.test(each)),
        what,
      ).toHaveLength(1);
    }
    expect(differences).toHaveLength(changes.length);
  });
});
