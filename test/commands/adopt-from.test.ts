import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { adoptFrom, type AdoptFromOptions } from '../../src/commands/adopt-from.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { refused } from '../../src/errors.ts';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import { embeddedShadow } from '../../src/shadow/embedded.ts';
import { captureFresh } from '../../src/shadow/fresh.ts';
import { withClient } from '../../src/target/connection.ts';
import { errorOf, runCli } from '../project.ts';
import { mostly } from '../postgres/database.ts';
import { listedByCli } from '../supabase-cli.ts';
import { dbmate, dbmateBinary, runNumbered, type Files, type Ran } from './earlier-tools.ts';
import { expectCode, type Site, sites, urlOf } from './site.ts';

const ups: Files = {
  'db/001_create_notes.sql': 'create table public.notes (id int primary key, body text not null);\n',
  'db/002_add_due.sql':
    "begin;\nalter table public.notes add column due date;\ninsert into public.notes values (1, 'first', '2026-01-01');\ncommit;\n",
};
const downs: Files = {
  'db/down/001_create_notes_down.sql': 'drop table public.notes;\n',
  'db/down/002_add_due_down.sql': 'alter table public.notes drop column due;\n',
};
const pending: Files = {
  'db/003_tags.sql': 'create table public.tags (id int primary key);\n',
  'db/down/003_tags_down.sql': 'drop table public.tags;\n',
};
const [table, first, second, third] = ['19991231235959', '20000101000001', '20000101000002', '20000101000003'];

/** The runner's own table of layout (a), with sha256. */
const migrationsTable = {
  create:
    'create table public._migrations (id serial primary key, filename text not null unique, checksum text not null, applied_at timestamptz not null default now())',
  insert: ({ fileName, sha256, at }: Ran) =>
    `insert into public._migrations (filename, checksum, applied_at) values ('${fileName}', '${sha256}', '${at}')`,
};

const none = () => Promise.reject(refused('bad_history', 'There is none in this test.'));
const nowhere = { fresh: none, shadow: none };
/** On the server of the test: no other has to start. */
const onServer = ({ server, database }: Site): Pick<AdoptFromOptions, 'fresh' | 'shadow'> => ({
  fresh: (kind) => captureFresh(server, kind, { pgDump: 'bundled', serverVersionNum: server.major * 10_000, lockWaitMs: 10_000 }),
  shadow: async (state, use) => use(await embeddedShadow(server, state, `${database.database}_shadow`)),
});

/** States in between are rebuilt only where a test says so: elsewhere there is no fresh project to replay in. */
const adopt = (site: Site, options: Partial<AdoptFromOptions> = {}, extra: Parameters<Site['run']>[1] = {}) =>
  site.run((context) => adoptFrom(context, { from: 'db', ...nowhere, ...options }), extra);
const history = (site: Site) => site.sql(`select version, name, statements from supabase_migrations.schema_migrations order by version`);
const runs = (site: Site) =>
  site.sql(
    `select version, status, file_sha256, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at from supabase_migrations.supasnap_runs order by id`,
  );
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const folder = (site: Site) => ['migrations', 'rollback', 'docs', 'snapshots'].map((name) => site.project.list(`supabase/${name}`));

/** Neither the database nor the project's folder is touched by any of these. */
async function untouched(site: Site, use: () => Promise<void>): Promise<void> {
  const before = { ...(await site.state()), files: folder(site) };
  await use();
  expect({ ...(await site.state()), files: folder(site) }).toEqual(before);
}

describe.each(mostly(17))('taking over the history of another tool, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);
  const withMigrated = (files: Files, use: (site: Site) => Promise<void>) =>
    withNothing({ ...ups, ...downs, ...files }, async (site) => {
      await runNumbered(site, ups, migrationsTable);
      await use(site);
    });

  test('numbered files, down files and _migrations become ours: files, history, checksums and ways back', () =>
    withMigrated(pending, async (site) => {
      const originals = Object.keys({ ...ups, ...downs, ...pending }).map((path) => site.project.bytes(path));
      const rows = await site.sql('select * from public._migrations order by id');
      const { value, told } = expectCode(await adopt(site), 0);
      expect(value).toMatchObject({
        table: 'public._migrations',
        recorded: [table, first, second],
        alreadyRecorded: [],
        pending: [third],
        changed: true,
      });
      expect(site.project.list('supabase/migrations')).toEqual([
        `${table}_history_of_migrations.sql`,
        `${first}_create_notes.sql`,
        `${second}_add_due.sql`,
        `${third}_tags.sql`,
      ]);
      for (const [number, path] of Object.keys({ ...ups, 'db/003_tags.sql': '' }).entries())
        expect(site.project.bytes(`supabase/migrations/${site.project.list('supabase/migrations')[number + 1]}`)).toEqual(
          site.project.bytes(path),
        );
      expect(site.project.list('supabase/rollback')).toEqual([`${first}_rollback.sql`, `${second}_rollback.sql`, `${third}_rollback.sql`]);
      expect(site.project.read(`supabase/rollback/${second}_rollback.sql`)).toContain(downs['db/down/002_add_due_down.sql']);

      expect((await history(site)).slice(1)).toEqual([
        { version: first, name: 'create_notes', statements: ['create table public.notes (id int primary key, body text not null)'] },
        {
          version: second,
          name: 'add_due',
          statements: [
            'begin',
            'alter table public.notes add column due date',
            "insert into public.notes values (1, 'first', '2026-01-01')",
            'commit',
          ],
        },
      ]);
      expect((await runs(site)).slice(1)).toEqual([
        { version: first, status: 'done', file_sha256: sha256(ups['db/001_create_notes.sql']!), at: '2024-03-01 10:00' },
        { version: second, status: 'done', file_sha256: sha256(ups['db/002_add_due.sql']!), at: '2024-03-02 10:00' },
      ]);
      expect(told).toContain("The file's own BEGIN and COMMIT are replaced");
      expect(site.project.read('supabase/docs/MIGRATIONS.md')).toContain(
        'applied by the runner of \\_migrations, as public.\\_migrations says',
      );

      expect(expectCode(await site.run(status), 0).value).toMatchObject({
        edited: [],
        missing: [],
        late: [],
        notComparable: [],
        pending: [{ version: third }],
      });
      expect(Object.keys({ ...ups, ...downs, ...pending }).map((path) => site.project.bytes(path))).toEqual(originals);
      expect(await site.sql('select * from public._migrations order by id')).toEqual(rows);
    }));

  test("the file that is written for the other tool's table makes that table", () =>
    withMigrated({}, async (site) => {
      expectCode(await adopt(site), 0);
      const { rows, dump } = await site.state();
      expect(rows['public._migrations']).toHaveLength(2);
      await withClient(site.database, async (client) => {
        await client.query('drop table public._migrations');
        await client.query(site.project.read(`supabase/migrations/${table}_history_of_migrations.sql`));
      });
      expect((await site.state()).dump).toEqual(dump);
    }));

  test('numbered files with rollbacks/ and archon_migrations, whose version is that of a release', () =>
    withNothing(
      {
        'db/001_tracking.sql':
          'create table if not exists archon_migrations (id uuid default gen_random_uuid() primary key, version varchar(20) not null, migration_name varchar(255) not null, applied_at timestamptz default now(), checksum varchar(32), unique (version, migration_name));\n',
        'db/002_notes.sql': 'create table public.notes (id int primary key);\n',
        'db/rollbacks/002_notes.sql': 'drop table public.notes;\n',
      },
      async (site) => {
        const files = Object.fromEntries(['db/001_tracking.sql', 'db/002_notes.sql'].map((path) => [path, site.project.read(path)]));
        await runNumbered(site, files, {
          create: 'select 1',
          insert: ({ fileName, md5 }) =>
            `insert into archon_migrations (version, migration_name, checksum) values ('0.1.0', '${fileName.replace('.sql', '')}', '${md5}')`,
        });
        const words = ['--from', 'db', '--remote', urlOf(site.database)];
        const program = (...more: string[]) => runCli('db-adopt', [...words, ...more], { cwd: site.project.folder });
        const unasked = await program('--output-format=json');
        expect([unasked.exitCode, errorOf(unasked).code]).toEqual([3, 'not_confirmed']);
        expect(await program('--dry-run')).toMatchObject({
          exitCode: 0,
          stdout: expect.stringContaining(
            'Dry run: nothing was changed. It would be: 2 migrations recorded as applied, 3 files written, 0 pending.',
          ),
        });
        expect((await program('v0.1.0')).exitCode).toBe(2);
        expect(site.project.list('supabase/migrations')).toEqual([]);
        const { value } = expectCode(await adopt(site), 0);
        expect(await listedByCli(site)).toEqual({ local: [first, second], remote: [first, second] });
        // Its first migration makes the table, so no other file has to.
        expect(value).toMatchObject({ table: 'public.archon_migrations', recorded: [first, second], pending: [] });
        expect((await history(site)).map(({ version, name }) => [version, name])).toEqual([
          [first, 'tracking'],
          [second, 'notes'],
        ]);
        expect(site.project.list('supabase/rollback')).toEqual([`${second}_rollback.sql`]);
        expect(expectCode(await site.run(status), 0).value).toMatchObject({ inOrder: true });
      },
    ));

  test.skipIf(!dbmateBinary)('what dbmate itself applied: both ways out of one file, with its own timestamps', () =>
    withNothing(
      {
        'db/migrations/20240102030405_create_notes.sql':
          '-- Notes of users.\n-- migrate:up\ncreate table notes (id int primary key, body text);\n\n-- migrate:down\ndrop table notes;\n',
        'db/migrations/20240203040506_index.sql':
          '-- migrate:up transaction:false\ncreate index concurrently notes_body on notes (body);\n\n-- migrate:down transaction:false\ndrop index concurrently notes_body;\n',
        'db/migrations/20240304050607_later.sql':
          '-- migrate:up\ninsert into notes values (1, $$a$$);\n\n-- migrate:down\ndelete from notes where id = 1;\n',
      },
      async (site) => {
        await dbmate(site, 'migrate');
        site.project.write('db/migrations/20250101000000_tags.sql', '-- migrate:up\ncreate table tags (id int);\n-- migrate:down\n\n');
        const before = await site.sql('select version from public.schema_migrations order by 1');
        const { value, told } = expectCode(await adopt(site, { from: 'db/migrations', ...onServer(site) }), 0);
        const versions = ['20240102030405', '20240203040506', '20240304050607'];
        expect(before.map(({ version }) => version)).toEqual(versions);
        expect(value).toMatchObject({ table: 'public.schema_migrations', recorded: [table, ...versions], pending: ['20250101000000'] });
        expect(site.project.read('supabase/migrations/20240102030405_create_notes.sql')).toBe(
          '-- Notes of users.\n\ncreate table notes (id int primary key, body text);\n',
        );
        expect(site.project.read('supabase/migrations/20240203040506_index.sql')).toMatch(/^-- supasnap: transaction=off\n/);
        // Nothing leads back from the last: no file would claim that.
        expect(site.project.list('supabase/rollback')).toEqual(versions.map((version) => `${version}_rollback.sql`));
        expect(told).toContain('No statement leads back in db/migrations/20250101000000_tags.sql');
        expect(told).toContain('CONCURRENTLY is taken out of the way back in db/migrations/20240203040506_index.sql');
        expect(await site.sql('select version from public.schema_migrations order by 1')).toEqual(before);
        // dbmate still finds its own files and its own table.
        expect(await dbmate(site, 'status')).toContain('Applied: 3');

        const { value: back } = expectCode(await site.rollback({ steps: 3 }), 0);
        expect(back).toMatchObject({ proven: true, done: { undone: [...versions].reverse() } });
        expect(back!.statements.map((text) => text.split('\n').at(-1))).toEqual([
          'delete from notes where id = 1',
          'drop index notes_body',
          'drop table notes',
        ]);
        expect(
          await site.sql("select to_regclass('public.notes') as notes, to_regclass('public.schema_migrations')::text as theirs"),
        ).toEqual([{ notes: null, theirs: 'schema_migrations' }]);
        expect(await listedByCli(site)).toEqual({ local: [table, ...versions, '20250101000000'], remote: [table] });
      },
    ),
  );

  test.skipIf(!dbmateBinary)('a table of dbmate under another name is found, and those of the platform are not taken for it', () =>
    withNothing(
      {
        'db/migrations/20240102030405_notes.sql':
          '-- migrate:up\ncreate table notes (id int primary key);\n-- migrate:down\ndrop table notes;\n',
      },
      async (site) => {
        expect(expectCode(await adopt(site, { from: 'db/migrations', dryRun: true }), 3, 'bad_history').told).toContain(
          'db/migrations in this database',
        );
        await dbmate(site, '--migrations-table', 'versions', 'migrate');
        expect(expectCode(await adopt(site, { from: 'db/migrations', dryRun: true }), 0).value).toMatchObject({
          table: 'public.versions',
          recorded: [table, '20240102030405'],
          changed: false,
        });
        await site.sql('create schema app; create table app.applied (version varchar primary key)');
        await site.sql('insert into app.applied select version from public.versions; alter table public.versions set schema app');
        expect(expectCode(await adopt(site, { from: 'db/migrations', dryRun: true }), 3, 'bad_history').told).toContain(
          'app.applied and app.versions both look like the history',
        );
        expect(
          expectCode(
            await adopt(site, { from: 'db/migrations', dryRun: true }, { environment: { DBMATE_MIGRATIONS_TABLE: 'app.versions' } }),
            0,
          ).value,
        ).toMatchObject({ table: 'app.versions' });
      },
    ),
  );

  test('what was taken over is rolled back by the file that came with it, proven, and goes forward again', () =>
    withMigrated(pending, async (site) => {
      const adopted = expectCode(await adopt(site, onServer(site)), 0);
      expect(adopted.told).toContain('Replayed, the files lead to exactly the schema that is there');
      expect(adopted.value?.rebuilt).toHaveLength(3);
      await site.sql("insert into public.notes values (2, 'of a user', '2026-02-02')");

      const file = `supabase/rollback/${second}_rollback.sql`;
      const down = site.project.read(file);
      site.project.write(file, 'alter table public.notes drop column due, add column more int;\n');
      expect(expectCode(await site.rollback({ steps: 1 }), 3, 'not_proven').told).toContain(
        `Correct ${file}, or move what came from another tool away and a way back is planned`,
      );
      site.project.write(file, down);

      const back = expectCode(await site.rollback({ steps: 1 }), 0);
      expect(back.value).toMatchObject({
        changed: true,
        proven: true,
        statements: [expect.stringMatching(/^-- Rollback of .*\n\nalter table public\.notes drop column due$/s)],
      });
      expect(back.told).toContain(`Runs what was written by hand: supabase/rollback/${second}_rollback.sql`);
      expect(back.told).toContain(`${second}_add_due was applied by another tool: rows and values that it took away were not kept`);
      expect(await site.sql('select * from public.notes order by 1')).toEqual([
        { id: 1, body: 'first' },
        { id: 2, body: 'of a user' },
      ]);
      expect((await history(site)).map(({ version }) => version)).toEqual([table, first]);
      expect(await site.sql('select filename from public._migrations order by 1')).toHaveLength(2);

      // The row that the file inserts is there already; that is the file's own.
      site.project.write(`supabase/migrations/${second}_add_due.sql`, 'alter table public.notes add column due date;\n');
      expectCode(await site.migrate({ files: [`${second}_add_due.sql`] }), 0);
      expect(await site.sql("select id, to_char(due, 'YYYY-MM-DD') as due from public.notes order by 1")).toEqual([
        { id: 1, due: '2026-01-01' },
        { id: 2, due: '2026-02-02' },
      ]);
      const both = expectCode(await site.rollback({ steps: 2 }), 0);
      expect(both.value?.statements.map((text) => text.split('\n').at(-1))).toEqual([
        'alter table public.notes drop column due',
        'drop table public.notes',
      ]);
      expect(await site.sql("select to_regclass('public.notes') as notes, to_regclass('public._migrations')::text as theirs")).toEqual([
        { notes: null, theirs: '_migrations' },
      ]);
    }));

  test('a second database with the same files gets the same versions, whenever its migrations were applied', () =>
    withMigrated(pending, (staging) =>
      withNothing({ ...ups, ...downs, ...pending }, async (production) => {
        await runNumbered(
          production,
          { 'db/001_create_notes.sql': ups['db/001_create_notes.sql']! },
          { ...migrationsTable, insert: (ran) => migrationsTable.insert({ ...ran, at: '2025-07-01 12:00:00+00' }) },
        );
        expectCode(await adopt(staging), 0);
        for (const name of ['migrations', 'rollback'])
          for (const file of staging.project.list(`supabase/${name}`))
            production.project.write(`supabase/${name}/${file}`, staging.project.read(`supabase/${name}/${file}`));
        const before = folder(production).slice(0, 2);
        const { value } = expectCode(await adopt(production), 0);
        expect(value).toMatchObject({ recorded: [table, first], pending: [second, third], written: [] });
        expect(folder(production).slice(0, 2)).toEqual(before);
        expect((await runs(production)).map(({ version, at }) => [version, at])).toEqual([
          [table, '2025-07-01 12:00'],
          [first, '2025-07-01 12:00'],
        ]);
        expect((await history(production)).map(({ version }) => version)).toEqual([table, first]);
      }),
    ));

  test('run again it finds nothing to do, and what was rolled back with us since is not called applied again', () =>
    withMigrated(pending, async (site) => {
      expectCode(await adopt(site), 0);
      await untouched(site, async () => void expectCode(await adopt(site, {}, { yes: false }), 0));
      await site.sql(`delete from supabase_migrations.schema_migrations where version = '${second}'`);
      const { value, told } = expectCode(await adopt(site), 0);
      expect(value).toMatchObject({ recorded: [], changed: false });
      expect(told).toContain('rolled back since');
      expect((await history(site)).map(({ version }) => version)).toEqual([table, first]);
    }));

  test('a dry run, and a run that nobody confirms, change nothing and write nothing', () =>
    withMigrated(pending, async (site) => {
      const { user, password, host, port, database } = site.database;
      const environment = { PRODUCTION_URL: `postgresql://${user}:${password}@${host}:${port}/${database}` };
      await untouched(site, async () => {
        expect(expectCode(await adopt(site, { dryRun: true }), 0).told).toContain(
          `db/001_create_notes.sql → ${first}_create_notes.sql: applied 2024-03-01, with its way back`,
        );
        expect(expectCode(await adopt(site, {}, { yes: false }), 3, 'not_confirmed').told).toContain('--yes');
        expect(expectCode(await adopt(site, {}, { yes: false, ask: () => Promise.resolve('another') }), 3, 'not_confirmed').told).toContain(
          'did not confirm',
        );
        site.project.write('supabase/supasnap.toml', '[env.production]\nurl = "env(PRODUCTION_URL)"\nprotected = true\n');
        expectCode(await adopt(site, {}, { environment }), 3, 'protected_target');
      });
    }));

  test('an edited file is refused by its checksum, and taken over as it is when that is asked for', () =>
    withMigrated({}, async (site) => {
      const edited = `${ups['db/001_create_notes.sql']}-- edited\n`;
      site.project.write('db/001_create_notes.sql', edited);
      await untouched(site, async () =>
        expect(expectCode(await adopt(site), 3, 'edited').told).toContain('db/001_create_notes.sql was edited after it was applied'),
      );
      expect(expectCode(await adopt(site, { allowEdited: true }), 0).told).toContain('Edited since applied');
      expect((await runs(site)).find(({ version }) => version === first)).toMatchObject({ file_sha256: sha256(edited) });
    }));

  test("where the other tool is at work meanwhile nothing is recorded, and where a file can't be written the next run writes it", () =>
    withMigrated(pending, async (site) => {
      const meanwhile = (act: () => unknown) => ({
        yes: false,
        ask: async () => {
          await act();
          return 'y';
        },
      });
      expect(
        expectCode(
          await adopt(
            site,
            {},
            meanwhile(() => site.sql("insert into public._migrations (filename, checksum) values ('003_tags.sql', 'x')")),
          ),
          3,
          'changed_meanwhile',
        ).told,
      ).toContain('the runner of _migrations is at work');
      expect(await site.sql("select to_regclass('supabase_migrations.schema_migrations') as history")).toEqual([{ history: null }]);
      expect(folder(site)).toEqual([[], [], [], []]);
      await site.sql("delete from public._migrations where checksum = 'x'");

      const path = `supabase/migrations/${first}_create_notes.sql`;
      const cut = expectCode(
        await adopt(
          site,
          {},
          meanwhile(() => site.project.write(path, 'in the way')),
        ),
        4,
        'write_failed',
      );
      expect(cut.told).toMatch(
        /was not written: a file of that name has come meanwhile[\s\S]*History on .* is recorded; 1 of 7 files are written[\s\S]*run the same command again/,
      );
      rmSync(site.project.path(path));
      expect(expectCode(await adopt(site), 0).value).toMatchObject({
        recorded: [],
        alreadyRecorded: [table, first, second],
        changed: true,
      });
      expect(site.project.list('supabase/migrations')).toHaveLength(4);
      expect(site.project.list('supabase/rollback')).toHaveLength(3);

      // As a command that was killed after COMMIT leaves it, and status advises.
      const before = folder(site);
      for (const name of before[0]!.slice(0, 3)) rmSync(site.project.path(`supabase/migrations/${name}`));
      rmSync(site.project.path('supabase/rollback'), { recursive: true });
      expectCode(await site.run((context) => repair(context, { fetch: true })), 0);
      expectCode(await adopt(site), 0);
      expect(folder(site)).toEqual(before);
      expect(expectCode(await site.run(status), 0).value).toMatchObject({ edited: [], missing: [] });
    }));

  test('what would make history untrue is refused and leaves everything as it was', () =>
    withMigrated({}, async (site) => {
      const { path, write } = site.project;
      mkdirSync(path('away'));
      const refusal = async (code: ErrorCode, options: Partial<AdoptFromOptions> = {}, exitCode: 1 | 2 | 3 = 3) =>
        expectCode(await adopt(site, options), exitCode, code).told;
      await untouched(site, async () => {
        renameSync(path('db/002_add_due.sql'), path('away/002'));
        expect(await refusal('file_missing')).toMatch(/Error: [\s\S]*002_add_due\.sql/);
        renameSync(path('away/002'), path('db/002_add_due.sql'));
        write('db/02_other.sql', 'select 1;\n');
        expect(await refusal('bad_file_name')).toContain('2 files have the number 2');
        renameSync(path('db/02_other.sql'), path('away/02'));
        write('db/002_add_due.sql', 'selec 1;\n');
        expect(await refusal('bad_sql', {}, 1)).toContain('db/002_add_due.sql:1:1');
        write('db/002_add_due.sql', ups['db/002_add_due.sql']!);
        write(`supabase/migrations/${first}_mine.sql`, 'select 1;\n');
        expect(await refusal('file_exists')).toContain(`Error: supabase/migrations/${first}_mine.sql`);
        renameSync(path(`supabase/migrations/${first}_mine.sql`), path('away/mine'));
        expect(await refusal('file_missing', { from: 'nowhere' }, 2)).toMatch(/Error: .*nowhere/);
        await refusal('wrong_arguments', { from: 'supabase/migrations' }, 2);
      });
      await site.sql('alter table public._migrations add column success boolean not null default true');
      await site.sql("update public._migrations set success = false where filename like '002%'");
      await untouched(site, async () => expect(await refusal('unfinished_run')).toContain('Error: db/002_add_due.sql'));
      await site.sql('drop table public._migrations');
      expect(await refusal('bad_history')).toContain('no table _migrations');
    }));
});
