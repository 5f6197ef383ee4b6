import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { changesBetween, listChanges, summarizeChanges, type Changes } from '../../src/report/changes.ts';
import { readChanges } from '../../src/report/summary.ts';
import { readFacts } from '../../src/snapshot/facts.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, withDatabase } from '../postgres/database.ts';

const none = { added: {}, removed: {}, changed: {} };

describe.each(majors)('changes on PostgreSQL %i', (major) => {
  const changesOf = (before: string, migration: string): Promise<Changes> =>
    withDatabase(major, ({ superuser }) =>
      withClient(superuser, async (client: pg.Client) => {
        await client.query('SET ROLE postgres');
        await client.query(before);
        const from = await readFacts(client, { insideTransaction: false });
        await client.query(migration);
        return changesBetween(from, await readFacts(client, { insideTransaction: false }));
      }),
    );

  const minds = `
    CREATE TABLE minds (id bigserial PRIMARY KEY, title text NOT NULL, legacy_slug text);
    CREATE VIEW titles AS SELECT title FROM minds;`;

  test('the same state twice has no changes', async () => {
    expect(await changesOf(minds, 'SELECT 1')).toEqual(none);
  });

  test('a new table is told once, with its policies and indexes, without its columns, constraints, sequence, grants and comments', async () => {
    const changes = await changesOf(
      minds,
      `CREATE TABLE notes (id bigserial PRIMARY KEY, nr int GENERATED ALWAYS AS IDENTITY, mind_id bigint REFERENCES minds, body text DEFAULT '' CHECK (body <> 'x'));
       COMMENT ON TABLE notes IS 'x'; COMMENT ON COLUMN notes.body IS 'y';
       GRANT SELECT (body) ON notes TO anon;
       CREATE INDEX notes_by_mind ON notes (mind_id);
       ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
       CREATE POLICY "own notes" ON notes USING (true);
       CREATE POLICY all_notes ON notes FOR SELECT USING (true);`,
    );
    expect(changes).toEqual({
      added: { table: ['public.notes'], index: ['public.notes_by_mind'], policy: ['public.notes.all_notes', 'public.notes.own notes'] },
      removed: {},
      changed: {},
    });
    expect(summarizeChanges(changes)).toBe('1 table, 2 policies and 1 index added');
  });

  test('what changes on a table that stays is told by itself', async () => {
    const changes = await changesOf(
      `${minds} COMMENT ON TABLE minds IS 'old';`,
      `ALTER TABLE minds DROP COLUMN legacy_slug;
       ALTER TABLE minds ADD COLUMN mood text DEFAULT 'calm';
       ALTER TABLE minds ADD CONSTRAINT has_title CHECK (title <> '');
       ALTER TABLE minds ALTER COLUMN title SET DEFAULT 'untitled';
       COMMENT ON TABLE minds IS 'new';
       COMMENT ON COLUMN minds.title IS 'what people read';
       REVOKE ALL ON minds FROM anon;
       GRANT SELECT (title) ON minds TO anon;`,
    );
    expect(changes).toEqual({
      added: {
        column: ['public.minds.mood'],
        comment: ['column public.minds.title'],
        constraint: ['public.minds.has_title'],
        grant: ['anon on table public.minds.title'],
      },
      removed: { column: ['public.minds.legacy_slug'], grant: ['anon on table public.minds'] },
      changed: { column: ['public.minds.title'], comment: ['table public.minds'] },
    });
    expect(summarizeChanges(changes)).toBe(
      '1 column, 1 constraint, 1 grant and 1 comment added; ' +
        '1 column and 1 grant dropped (minds.legacy_slug, anon on table minds); 1 column and 1 comment changed (minds.title, table minds)',
    );
  });

  test('a dropped table takes its columns along; what else goes is named', async () => {
    const changes = await changesOf(`${minds} CREATE INDEX by_title ON minds (title);`, 'DROP TABLE minds CASCADE');
    expect(changes).toEqual({
      added: {},
      removed: { table: ['public.minds'], view: ['public.titles'], index: ['public.by_title'] },
      changed: {},
    });
    expect(summarizeChanges(changes)).toBe('1 table, 1 view and 1 index dropped (minds, titles, by_title)');
  });

  test('a default that comes or goes is a change of its column', async () => {
    const changes = await changesOf(
      `CREATE TABLE t (a int DEFAULT 1, b int, c int DEFAULT 1, d int DEFAULT 1)`,
      `ALTER TABLE t ALTER a DROP DEFAULT, ALTER b SET DEFAULT 2, ALTER c SET DEFAULT 2, DROP COLUMN d`,
    );
    expect(changes).toEqual({
      added: {},
      removed: { column: ['public.t.d'] },
      changed: { column: ['public.t.a', 'public.t.b', 'public.t.c'] },
    });
  });

  test('functions are told by their arguments, and a new body is a change', async () => {
    const changes = await changesOf(
      `CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      `CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE FUNCTION f(a text, b int) RETURNS int LANGUAGE sql AS 'SELECT 2'`,
    );
    expect(changes).toEqual({
      added: { function: ['public.f(text, integer)'] },
      removed: {},
      changed: { function: ['public.f(integer)'] },
    });
  });

  test('a new owner, a parent that was left, an enum label, a published table and a type attribute are seen', async () => {
    const changes = await changesOf(
      `CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);
       CREATE TYPE mood AS ENUM ('calm'); CREATE TYPE pair AS (a int);
       CREATE PUBLICATION news; CREATE SCHEMA tools;`,
      `ALTER TABLE child NO INHERIT parent; ALTER TYPE mood ADD VALUE 'wild'; ALTER TYPE pair ADD ATTRIBUTE b int;
       RESET ROLE; ALTER TABLE parent OWNER TO service_role;
       ALTER PUBLICATION news ADD TABLE parent; GRANT USAGE ON SCHEMA tools TO anon;
       ALTER DEFAULT PRIVILEGES IN SCHEMA tools GRANT SELECT ON TABLES TO anon;`,
    );
    expect(changes.added).toMatchObject({
      attribute: ['public.pair.b'],
      'published table': ['public.parent in publication news'],
      grant: ['anon on schema tools'],
      'default privilege': [expect.stringContaining('for anon on')],
    });
    expect(changes.changed).toMatchObject({ table: ['public.child', 'public.parent'], type: expect.arrayContaining(['public.mood']) });
    expect(changes.removed).toEqual({ grant: ['postgres on table public.parent'] });
  });

  test('a new extension is one thing, however much is in it', async () => {
    const changes = await changesOf('CREATE SCHEMA gears', 'CREATE EXTENSION citext WITH SCHEMA gears');
    expect(changes).toEqual({ added: { extension: ['citext'] }, removed: {}, changed: {} });
  });

  test('changes survive the way through jsonb', async () => {
    const changes = await changesOf('SELECT 1', minds);
    const stored = await withDatabase(major, ({ settings }) =>
      withClient(
        settings,
        async (client) =>
          (await client.query<{ changes: unknown }>('SELECT $1::jsonb AS changes', [JSON.stringify(changes)])).rows[0]!.changes,
      ),
    );
    expect(readChanges(stored)).toEqual(changes);
    expect(summarizeChanges(readChanges(stored)!)).toBe('1 table and 1 view added (minds, titles)');
  });
});

describe('summaries', () => {
  const names = (count: number, word: string) => Array.from({ length: count }, (_, index) => `public.${word}${index}`);

  test('many objects are counted, few are named, in an order that does not depend on the JSON', () => {
    const changes = {
      ...none,
      added: { policy: names(16, 'p'), view: names(3, 'v'), table: names(30, 't') },
      removed: { column: ['public.minds.legacy_slug'] },
    };
    expect(summarizeChanges(changes)).toBe('30 tables, 3 views and 16 policies added; 1 column dropped (minds.legacy_slug)');
  });

  test('nothing is said to be nothing', () => {
    expect(summarizeChanges(none)).toBe('no change of the schema');
    expect(listChanges(none)).toEqual([]);
  });

  test('the long form has a line per kind and cuts long lists', () => {
    const changes = { ...none, added: { index: names(3, 'i'), foreign: [] }, changed: { policy: ['a.b.c'] } };
    expect(listChanges(changes, 2)).toEqual(['added 3 indexes: public.i0, public.i1, and 1 more', 'changed 1 policy: a.b.c']);
  });

  test('a name with line ends or terminal codes stays on its line and writes nothing into the terminal', () => {
    const changes = { ...none, added: { table: ['public.a\nb\u001b[2J\u202e'] } };
    expect(summarizeChanges(changes)).toBe('1 table added (a\\nb\\u{1b}[2J\\u{202e})');
    expect(listChanges(changes)).toEqual(['added 1 table: public.a\\nb\\u{1b}[2J\\u{202e}']);
  });

  test.each([[null], ['text'], [[]], [{}], [{ tables: 3 }]])('a history column that holds %j is no list of changes', (value) => {
    expect(readChanges(value)).toBeUndefined();
  });
});
