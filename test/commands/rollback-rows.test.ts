import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { pruneKept } from '../../src/commands/kept-prune.ts';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import { withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const later = '20260103000000_v0_3_0_later.sql';

const bodies = async (site: Site): Promise<string[]> =>
  (await site.sql<{ body: string }>('select body from public.notes order by id')).map(({ body }) => body);

const hasPsql = (): boolean => {
  try {
    return execFileSync('psql', ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return false;
  }
};

describe.each(mostly(15))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('a materialized view that a migration makes or drops holds the rows that came back, both ways', () =>
    withBase(
      {
        [next]:
          'drop materialized view public.old;\nupdate public.notes set body = upper(body);\ncreate materialized view public.new as select id, body from public.notes;\ncreate materialized view public.newer as select body from public.new;\n',
      },
      async (site) => {
        await site.sql('create materialized view public.old as select id, body from public.notes');
        const rows = async (view: string) =>
          (await site.sql<{ body: string }>(`select body from ${view} order by 1`)).map(({ body }) => body);
        expectCode(await site.migrate(), 0);
        await site.sql("insert into public.notes values (3, 'of a user')");
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await rows('public.old')).toEqual(['first', 'of a user', 'second']);
        expectCode(await site.migrate(), 0);
        expect(await rows('public.new')).toEqual(['FIRST', 'SECOND', 'of a user']);
        expect(await rows('public.newer')).toEqual(['FIRST', 'SECOND', 'of a user']);
      },
    ));

  test.concurrent('a file in steps that puts another table in the place of one gives it its rows back', () =>
    withBase(
      {
        [next]:
          'create table public.n (id int primary key, body text, extra int);\ninsert into public.n select id, upper(body), id from public.notes;\ncreate index concurrently n_extra on public.n (extra);\ndrop table public.notes;\nalter table public.n rename to notes;\n',
      },
      async (site) => {
        const before = await site.sql('select * from public.notes order by id');
        expectCode(await site.migrate(), 0);
        await site.sql("update public.notes set body = 'of a user' where id = 2; insert into public.notes values (3, 'new', 3)");
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql('select id, body, due from public.notes order by id')).toEqual([
          before[0],
          { ...before[1], body: 'of a user' },
          { id: 3, body: 'new', due: null },
        ]);
      },
    ));

  test.concurrent('rows that a migration makes with keys of their own each time do not stand in the way of those that were kept', () =>
    withBase(
      {
        [next]:
          "create table public.roles (id uuid primary key default gen_random_uuid(), name text not null, rank int);\ncreate unique index on public.roles (lower(name));\ninsert into public.roles (name) values ('admin'), ('user');\ncreate table public.words (word text unique, n int);\ninsert into public.words values ('a', 1), ('b', 2);\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql(
          "update public.roles set rank = 7 where name = 'admin'; update public.words set n = 70 where word = 'a'; delete from public.words where word = 'b'",
        );
        const written = [
          await site.sql('select * from public.roles order by name'),
          await site.sql('select * from public.words order by 1'),
        ];
        for (let round = 0; round < 2; round++) {
          expectCode(await site.rollback({ steps: 1 }), 0);
          expectCode(await site.migrate(), 0);
          expect([
            await site.sql('select * from public.roles order by name'),
            await site.sql('select * from public.words order by 1'),
          ]).toEqual(written);
        }
      },
    ));

  test.concurrent('what was made by hand and went with a rollback comes back with its rows by any other rollback that brings it back', () =>
    withBase(
      { [next]: 'alter table public.notes add column a int;\n', [later]: 'alter table public.notes add column b int;\n' },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        await site.sql(
          "create table public.hand (id int primary key, v text); insert into public.hand values (1, 'x'), (2, 'y'); alter table public.notes add column byhand text; update public.notes set byhand = 'here', a = id; create sequence public.counter; select setval('public.counter', 42)",
        );
        const { value } = expectCode(await site.migrate(), 0);
        expectCode(await site.rollback({ to: 'v0.1.0' }), 0);
        expectCode(await site.rollback({ to: value!.applied[0]!.snapshotBefore }), 0);
        expect(await site.sql('select * from public.hand order by id')).toEqual([
          { id: 1, v: 'x' },
          { id: 2, v: 'y' },
        ]);
        expect(await site.sql('select a, byhand from public.notes order by id')).toEqual([
          { a: 1, byhand: 'here' },
          { a: 2, byhand: 'here' },
        ]);
        expect(await site.sql("select nextval('public.counter')::int as next")).toEqual([{ next: 43 }]);
      },
    ));

  test.concurrent('what was made by hand and went with a rollback waits while a migration is applied again, and comes back when that rollback is undone', () =>
    withBase({ [next]: 'alter table public.notes add column a int;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql(
        "create table public.signups (id int primary key, e text); insert into public.signups values (1, 'x'); alter table public.notes add column byhand int; update public.notes set byhand = id; create function public.hot_fix() returns int language sql as 'select 1'",
      );
      const { value, told } = expectCode(await site.rollback({ steps: 1 }), 0);
      expect(told).toContain('dropped 1 function: public.hot_fix()');
      expectCode(await site.migrate(), 0);
      expect(
        (
          await site.sql<{ name: string }>(
            "select item->'table'->>'name' as name from supabase_migrations.supasnap_kept where returned_by is null order by 1",
          )
        ).map(({ name }) => name),
      ).toContain('signups');
      expectCode(await site.rollback({ to: value!.done!.snapshotBefore }), 0);
      expect(await site.sql('select * from public.signups')).toEqual([{ id: 1, e: 'x' }]);
      expect(await site.sql('select byhand from public.notes order by id')).toEqual([{ byhand: 1 }, { byhand: 2 }]);
    }));

  test.concurrent('the rollback file run by hand refuses where a newer migration stands on it, and where a table that goes has a column it does not know', () =>
    withBase(
      { [next]: 'create table public.tags (id int primary key);\n', [later]: 'alter table public.tags add column name text;\n' },
      async (site) => {
        const byHand = () =>
          withClient(site.database, (client) => client.query(site.project.read('supabase/rollback/20260102000000_rollback.sql')));
        expectCode(await site.migrate(), 0);
        await site.sql("insert into public.tags values (1, 'precious')");
        await expect(byHand()).rejects.toThrow('Newer migrations stand on 20260102000000: 20260103000000. Nothing was changed.');
        expectCode(await site.rollback({ steps: 1 }), 0);
        await site.sql("alter table public.tags add column byhand text; update public.tags set byhand = 'precious'");
        await expect(byHand()).rejects.toThrow(
          'This file does not know public.tags.byhand, and would not keep what is in there. Nothing was changed.',
        );
        expect(await site.sql('select * from public.tags')).toEqual([{ id: 1, byhand: 'precious' }]);
      },
    ));

  test.concurrent('a label that a migration brings is no reason to refuse it where it changes rows of that table too', () =>
    withBase({ [next]: "alter type public.mood add value 'c';\nupdate public.moods set v = upper(v);\n" }, async (site) => {
      await site.sql(
        "create type public.mood as enum ('a', 'b'); create table public.moods (id int primary key, m public.mood, v text); insert into public.moods values (1, 'a', 'x'), (2, 'b', 'y')",
      );
      expectCode(await site.migrate(), 0);
      await site.sql("update public.moods set v = 'of a user' where id = 2");
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await site.sql('select id, m::text, v from public.moods order by id')).toEqual([
        { id: 1, m: 'a', v: 'x' },
        { id: 2, m: 'b', v: 'of a user' },
      ]);
    }));

  test.concurrent('a file in steps that changes rows of one table in several of them gives all of them their old values back, with a label that goes', () =>
    withBase(
      {
        [next]:
          "alter type public.mood add value 'c';\nupdate public.moods set m = 'c', v = 'one' where id = 1;\ncreate index concurrently moods_v on public.moods (v);\nupdate public.moods set v = 'two' where id in (1, 3);\n",
      },
      async (site) => {
        await site.sql(
          "create type public.mood as enum ('a', 'b'); create table public.moods (id int primary key, m public.mood, v text); insert into public.moods values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'a', 'x')",
        );
        const rows = () => site.sql('select id, m::text, v from public.moods order by id');
        expectCode(await site.migrate(), 0);
        await site.sql("update public.moods set v = 'of a user' where id = 3");
        const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await rows()).toEqual([
          { id: 1, m: 'a', v: 'x' },
          { id: 2, m: 'b', v: 'y' },
          { id: 3, m: 'a', v: 'of a user' },
        ]);
        expect(told).toContain('in 1 row users changed values since');
      },
    ));

  test.concurrent('a rollback of two migrations that is undone brings the rows of each back, and each can be undone alone again', () =>
    withBase(
      {
        [next]: "update public.notes set body = body || '!';\n",
        [later]: "update public.notes set body = upper(body);\ninsert into public.notes values (9, 'ours');\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        const { value } = expectCode(await site.rollback({ steps: 2 }), 0);
        expect(await bodies(site)).toEqual(['first', 'second']);
        await site.sql("insert into public.notes values (3, 'between', null)");
        expectCode(await site.rollback({ to: value!.done!.snapshotBefore }), 0);
        expect(await bodies(site)).toEqual(['FIRST!', 'SECOND!', 'between', 'ours']);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await bodies(site)).toEqual(['first!', 'second!', 'between']);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await bodies(site)).toEqual(['first', 'second', 'between']);
      },
    ));

  test.concurrent('migrations that insert rows are undone together and applied again, any number of times, and no row is there twice', () =>
    withBase(
      {
        '20260102000000_v0_2_0_ledger.sql':
          "create table public.ledger (id bigint generated always as identity primary key, entry text, note int references public.notes);\ninsert into public.ledger (entry) values ('two');\n",
        '20260103000000_v0_3_0_more.sql':
          "insert into public.ledger (entry, note) values ('three', 1);\nupdate public.ledger set entry = entry || '!';\n",
        '20260104000000_v0_4_0_most.sql': "insert into public.ledger (entry) values ('four');\n",
      },
      async (site) => {
        const entries = async () =>
          (await site.sql<{ entry: string }>('select entry from public.ledger order by 1')).map(({ entry }) => entry);
        expectCode(await site.migrate(), 0);
        await site.sql("insert into public.ledger (entry) values ('of a user')");
        for (let round = 0; round < 2; round++) {
          expectCode(await site.rollback({ to: 'v0.1.0' }), 0);
          expectCode(await site.migrate(), 0);
          expect(await entries()).toEqual(['four', 'of a user', 'three!', 'two!']);
        }
      },
    ));

  test.concurrent('a column that came back by a rollback is the one that it was: undoing that, and going back again, keeps its values', () =>
    withBase(
      {
        [next]: 'alter table public.notes add column extra int;\n',
        [later]: 'alter table public.notes drop column body;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        const { value } = expectCode(await site.rollback({ steps: 2 }), 0);
        expect(await bodies(site)).toEqual(['first', 'second']);
        expectCode(await site.rollback({ to: value!.done!.snapshotBefore }), 0);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await bodies(site)).toEqual(['first', 'second']);
        expectCode(await site.migrate(), 0);
        expectCode(await site.rollback({ to: 'v0.1.0' }), 0);
        expect(await bodies(site)).toEqual(['first', 'second']);
      },
    ));

  test.concurrent('where the schema was changed by hand meanwhile, two migrations are still undone one after the other', () =>
    withBase(
      { [next]: "update public.notes set body = body || '!';\n", [later]: 'update public.notes set body = upper(body);\n' },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql('create index by_hand on public.notes (body)');
        const { told } = expectCode(await site.rollback({ steps: 2 }), 0);
        expect(told).toContain('added: index public.by_hand');
        expect(told).not.toContain('users changed');
        expect(await bodies(site)).toEqual(['first', 'second']);
        expectCode(await site.migrate(), 0);
        expect(await bodies(site)).toEqual(['FIRST!', 'SECOND!']);
      },
    ));

  test.concurrent('rows that were removed to make room for a constraint come back once it is gone', () =>
    withBase(
      {
        [next]:
          "delete from public.notes where id = 2;\nupdate public.notes set body = 'b';\nalter table public.notes add check (length(body) < 2);\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await bodies(site)).toEqual(['first', 'second']);
      },
    ));

  test.concurrent('with --keep-data never a rollback puts rows back all the same; after such a migrate, or a prune, it says what does not come back', () =>
    withBase({ [next]: "update public.notes set body = 'gone';\n" }, async (site) => {
      expectCode(await site.migrate(), 0);
      expectCode(await site.rollback({ steps: 1, keepData: 'never' }), 0);
      expect(await bodies(site)).toEqual(['first', 'second']);
      expectCode(await site.migrate({ keepData: 'never' }), 0);
      expect(expectCode(await site.rollback({ steps: 1 }), 0).told).toContain(
        '20260102000000 was applied with --keep-data never: rows and values that it took away do not come back.',
      );
      expect(await bodies(site)).toEqual(['gone', 'gone']);
      await site.sql("update public.notes set body = 'mine'");
      expectCode(await site.migrate(), 0);
      await site.sql("update supabase_migrations.supasnap_kept set kept_at = now() - interval '2 days'");
      expectCode(await site.run((context) => pruneKept(context, { olderThan: '1d' })), 0);
      expect(expectCode(await site.rollback({ steps: 1 }), 0).told).toContain(
        'Copies of 20260102000000 were pruned: rows and values in them do not come back.',
      );
    }));

  test.concurrent('each step of a file that runs outside a transaction keeps its rows', () =>
    withBase(
      {
        [next]:
          "update public.notes set body = body || ' one';\nalter table public.notes drop column due;\ncreate index concurrently notes_body on public.notes (body);\nupdate public.notes set body = body || ' two' where id = 1;\ndelete from public.notes where id = 2;\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        expect(await bodies(site)).toEqual(['first one two']);
        await site.sql("insert into public.notes values (3, 'since')");
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
          { id: 1, body: 'first', due: '2026-01-01' },
          { id: 2, body: 'second', due: null },
          { id: 3, body: 'since', due: null },
        ]);
      },
    ));

  test.concurrent('--fill is for rows that came since: one that had no value before has none again, and a partition is filled through its table', () =>
    withBase(
      {
        'supabase/migrations/20260101150000_v0_1_1_parts.sql':
          'create table public.parts (id int primary key, body text not null) partition by range (id);\ncreate table public.part_1 partition of public.parts for values from (0) to (10);\ncreate table public.part_2 partition of public.parts for values from (10) to (20);\n',
        [next]: 'alter table public.notes drop column due;\nalter table public.parts drop column body;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        await site.sql("insert into public.notes values (3, 'third'); insert into public.parts values (1), (11)");
        expect(await expectUntouched(site, 3, 'row_conflict', () => site.rollback({ steps: 1 }))).toContain(
          '--fill "public.parts.body=<SQL expression>"',
        );
        expectCode(
          await site.rollback({
            steps: 1,
            fill: { 'public.notes.due': "date '2030-01-01' + notes.id", 'public.parts.body': "'part ' || id" },
          }),
          0,
        );
        expect(await site.sql('select id, due::text from public.notes order by id')).toEqual([
          { id: 1, due: '2026-01-01' },
          { id: 2, due: null },
          { id: 3, due: '2030-01-04' },
        ]);
        expect(await site.sql('select body from public.parts order by id')).toEqual([{ body: 'part 1' }, { body: 'part 11' }]);
      },
    ));

  test.concurrent('a rollback that takes out only what was made by hand is undone with its rows', () =>
    withBase({}, async (site) => {
      const goal = (
        await site.sql<{ id: string }>(
          "select snapshot_after as id from supabase_migrations.supasnap_runs where kind = 'migrate' order by id desc limit 1",
        )
      )[0]!.id;
      await site.sql(
        "create table public.hot (id int primary key, v text); insert into public.hot values (1, 'precious'); alter table public.notes add column extra int; update public.notes set extra = id * 10",
      );
      const { value } = expectCode(await site.rollback({ to: goal }), 0);
      await site.sql("insert into public.notes values (3, 'third')");
      expectCode(await site.rollback({ to: value!.done!.snapshotBefore }), 0);
      expect(await site.sql('select id, v from public.hot')).toEqual([{ id: 1, v: 'precious' }]);
      expect(await site.sql('select id, extra from public.notes order by id')).toEqual([
        { id: 1, extra: 10 },
        { id: 2, extra: 20 },
        { id: 3, extra: null },
      ]);
    }));

  test.concurrent('a file that stopped between its steps is rolled back, that is undone with what users wrote, and it can be gone on with', () =>
    withBase(
      {
        [next]:
          "alter table public.notes add column m int;\nupdate public.notes set m = 1, body = 'same';\nalter table public.notes drop column due;\ncreate unique index concurrently notes_once on public.notes (body);\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 4, 'unfinished_run');
        await site.sql(
          "drop index public.notes_once; insert into public.notes values (3, 'third', 5); update public.notes set m = 555 where id = 2",
        );
        const half = await site.sql('select id, body, m from public.notes order by id');
        const { value } = expectCode(await site.rollback({ to: 'v0.2.0_20260102000000', shadow: undefined }), 0);
        expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
          { id: 1, body: 'first', due: '2026-01-01' },
          { id: 2, body: 'second', due: null },
          { id: 3, body: 'third', due: null },
        ]);
        expect((await site.run(status)).value).toMatchObject({ unfinished: [] });
        const undone = expectCode(await site.rollback({ to: value!.done!.snapshotBefore, shadow: undefined }), 0);
        expect(await site.sql('select id, body, m from public.notes order by id')).toEqual(half);
        expect((await site.run(status)).value).toMatchObject({ unfinished: [{ halfWay: true }] });
        expectCode(await site.rollback({ to: undone.value!.done!.snapshotBefore, shadow: undefined }), 0);
        expect(await site.sql('select id, due::text from public.notes order by id')).toEqual([
          { id: 1, due: '2026-01-01' },
          { id: 2, due: null },
          { id: 3, due: null },
        ]);
      },
    ));

  test.concurrent('what a migration destroyed comes back although someone took it out of the history', () =>
    withBase(
      {
        [next]: 'delete from public.notes where id = 1;\nalter table public.notes drop column due;\n',
        [later]: "update public.notes set body = 'changed';\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        expectCode(await site.run((context) => repair(context, { reverted: ['20260103000000'] })), 0);
        const { told } = expectCode(await site.rollback({ to: 'v0.3.0_20260103000000' }), 0);
        expect(told).toContain('public.notes: 1 row put back');
        expect(await bodies(site)).toEqual(['second']);
        expectCode(await site.run((context) => repair(context, { reverted: ['20260102000000'] })), 0);
        expectCode(await site.rollback({ to: 'v0.2.0_20260102000000' }), 0);
        expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
          { id: 1, body: 'first', due: '2026-01-01' },
          { id: 2, body: 'second', due: null },
        ]);
      },
    ));

  test.concurrent('a place that --fill names must exist', () =>
    withBase({ [next]: 'alter table public.notes drop column body;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql('insert into public.notes values (3, null)');
      expect(await expectUntouched(site, 3, 'row_conflict', () => site.rollback({ steps: 1 }))).toContain(
        '--fill "public.notes.body=<SQL expression>"',
      );
      expect(
        await expectUntouched(site, 2, 'wrong_arguments', () =>
          site.rollback({ steps: 1, fill: { 'public.notes.body': "'x'", 'public.note.body': "'x'" } }),
        ),
      ).toContain('there is no column public.note.body');
      expectCode(await site.rollback({ steps: 1, fill: { 'public.notes.body': "'x'" } }), 0);
      expect(await bodies(site)).toEqual(['first', 'second', 'x']);
    }));

  test.concurrent('a sequence that a migration set back goes on from where it was', () =>
    withBase(
      {
        'supabase/migrations/20260101150000_v0_1_1_numbers.sql': "create sequence public.numbers;\nselect setval('public.numbers', 500);\n",
        [next]: 'alter sequence public.numbers restart with 1;\n',
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql("select nextval('public.numbers')::int as next")).toEqual([{ next: 501 }]);
      },
    ));

  test
    .runIf(hasPsql())
    .concurrent('the rollback file run with psql returns the rows, keeps what it removes, and the next migrate brings that back', () =>
      withBase(
        { [next]: 'alter table public.notes drop column due, add column stars int;\nupdate public.notes set body = upper(body);\n' },
        async (site) => {
          expectCode(await site.migrate(), 0);
          await site.sql("update public.notes set stars = id * 10; insert into public.notes values (3, 'since', 30)");
          const { host, port, user, password, database } = site.database;
          await promisify(execFile)(
            'psql',
            [
              '-X',
              '-q',
              '-v',
              'ON_ERROR_STOP=1',
              '-h',
              host,
              '-p',
              String(port),
              '-U',
              user,
              '-d',
              database,
              '-f',
              site.project.path('supabase/rollback/20260102000000_rollback.sql'),
            ],
            {
              env: { ...process.env, PGPASSWORD: String(password) },
            },
          );
          expect(await site.sql('select id, body, due::text from public.notes order by id')).toEqual([
            { id: 1, body: 'first', due: '2026-01-01' },
            { id: 2, body: 'second', due: null },
            { id: 3, body: 'since', due: null },
          ]);
          expect(await site.sql('select version from supabase_migrations.schema_migrations order by 1')).toEqual([
            { version: '20260101000000' },
          ]);
          expectCode(await site.migrate(), 0);
          expect(await site.sql('select id, body, stars from public.notes order by id')).toEqual([
            { id: 1, body: 'FIRST', stars: 10 },
            { id: 2, body: 'SECOND', stars: 20 },
            { id: 3, body: 'SINCE', stars: 30 },
          ]);
        },
      ),
    );
});
