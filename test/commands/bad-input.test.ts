import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { repair } from '../../src/commands/repair.ts';
import { status } from '../../src/commands/status.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import type { Manifest } from '../../src/snapshot/manifest.ts';
import { sha256 } from '../../src/snapshot/state.ts';
import { asNobody } from '../nobody.ts';
import { type Ended, expectCode, expectUntouched, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';

describe('on PostgreSQL 17', () => {
  const { withBase } = sites(17, { bare: true });

  test.concurrent('rows behind COPY … FROM stdin are loaded with the rest of the file, also from an included one, and go with the rollback', () =>
    withBase(
      {
        [next]:
          'create table public.tags (id int primary key, name text);\ncopy public.tags from stdin;\n1\tit\'s; \\\\i\n2\t\\N\n\\.\n\\i supabase/parts/more.sql\ncopy public.tags (name, id) from stdin with (format csv, header);\nname,id\n"a\nb",5\n\\.\n',
        'supabase/parts/more.sql': 'copy public.tags from stdin;\n3\tthree\n\\.\nupdate public.tags set id = 4 where id = 3;',
      },
      async (site) => {
        const migrated = expectCode(await site.migrate(), 0);
        expect(migrated.told).toContain(
          `supabase/migrations/${next} includes supabase/parts/more.sql, which the Supabase CLI would not do.`,
        );
        expect(await site.sql('select id, name from public.tags order by id')).toEqual([
          { id: 1, name: "it's; \\i" },
          { id: 2, name: null },
          { id: 4, name: 'three' },
          { id: 5, name: 'a\nb' },
        ]);
        expect(await site.sql(`select statements from supabase_migrations.schema_migrations where version = '20260102000000'`)).toEqual([
          {
            statements: [
              'create table public.tags (id int primary key, name text)',
              "copy public.tags from stdin;\n1\tit's; \\\\i\n2\t\\N\n\\.",
              'copy public.tags from stdin;\n3\tthree\n\\.',
              'update public.tags set id = 4 where id = 3',
              'copy public.tags (name, id) from stdin with (format csv, header);\nname,id\n"a\nb",5\n\\.',
            ],
          },
        ]);
        site.project.write('supabase/parts/more.sql', 'select 1;');
        const edited = await expectUntouched(site, 3, 'edited', () => site.migrate());
        expect(edited).toMatch(new RegExp(`Error: .*${next}`));
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql("select to_regclass('public.tags') as tags")).toEqual([{ tags: null }]);
      },
    ));

  test.concurrent('a row that the server does not take is shown with its line, and so is a mistake in an included file', () =>
    withBase(
      {
        [next]: '\\i supabase/parts/rows.sql\n',
        'supabase/parts/rows.sql': 'create table public.tags (id int);\ncopy public.tags from stdin;\n1\nx2\n\\.\n',
      },
      async (site) => {
        const row = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(row).toContain('supabase/parts/rows.sql:4:1\n  4 | x2\n');
        expect(row).toContain('invalid input syntax for type integer: "x2" (22P02)');
        expect(row).toContain('The target was not touched.');
        site.project.write('supabase/parts/rows.sql', 'select 1;\nselect nothing from public.notes;\n');
        const mistake = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
        expect(mistake).toMatch(/supabase\/parts\/rows\.sql:2:8\n {2}2 \| select nothing from public\.notes;\n +\| {8}\^\n/);
      },
    ));

  test.concurrent('a snapshot that is cut off, edited, mixed up or newer is named, and nothing of the database or outside of the folder is touched', () =>
    withBase({}, async (site) => {
      const id = 'v0.1.0_20260101000000_after';
      const path = (end: string) => `supabase/snapshots/${id}${end}`;
      const whole = Object.fromEntries(['.sql', '.json', '.facts.json.gz'].map((end) => [end, readFileSync(site.project.path(path(end)))]));
      const manifest = JSON.parse(whole['.json']!.toString()) as Manifest;
      const companion = JSON.parse(gunzipSync(whole['.facts.json.gz']!).toString()) as object;
      const written = (facts: object) => {
        const text = JSON.stringify(facts);
        return { '.facts.json.gz': gzipSync(text), '.json': JSON.stringify({ ...manifest, factsSha256: sha256(text) }) };
      };
      const cases: [files: Record<string, string | Buffer>, fact: string, code?: ErrorCode][] = [
        [{ '.sql': whole['.sql']!.subarray(0, 100) }, `${id}.sql`],
        [{ '.sql': `${whole['.sql']!.toString()}-- more` }, `${id}.sql`],
        [{ '.facts.json.gz': whole['.facts.json.gz']!.subarray(0, 100) }, `${id}.facts.json.gz`],
        [{ '.facts.json.gz': gzipSync('{}') }, `${id}.facts.json.gz`],
        [{ '.json': JSON.stringify({ ...manifest, format: 2 }) }, 'format 2; this one reads 1', 'unsupported_version'],
        [{ '.json': whole['.json']!.subarray(0, 50) }, 'JSON'],
        [{ '.json': 'null' }, `${id}.json`],
        [{ '.json': JSON.stringify({ ...manifest, name: '../../../evil' }) }, `${id}.json`],
        [{ '.json': JSON.stringify({ ...manifest, name: 'another' }) }, 'another'],
      ];
      const before = await site.state();
      const refuses = async (files: Record<string, string | Buffer>, fact: string, code: ErrorCode = 'snapshot_damaged') => {
        for (const [end, content] of Object.entries({ ...whole, ...files })) writeFileSync(site.project.path(path(end)), content);
        const { told } = expectCode(await site.rollback({ to: id, dryRun: true }), 3, code);
        expect(told.slice(told.indexOf('Error: '))).toContain(fact);
        expect(told).toContain('State: Nothing was changed.');
        expect(told).toContain('Next:  ');
      };
      for (const [files, fact, code] of cases) await refuses(files, fact, code);
      // Whole in itself, but of another state: the target's own copy is used.
      for (const [end, content] of Object.entries({ ...whole, ...written({ ...companion, sql: sha256('another') }) }))
        writeFileSync(site.project.path(path(end)), content);
      expectCode(await site.rollback({ to: id, dryRun: true }), 0);
      for (const end of Object.keys(whole)) rmSync(site.project.path(path(end)));
      for (const [change, code] of [
        ['{"format": 2}', 'unsupported_version'],
        ['{"name": "../../../evil"}', 'snapshot_damaged'],
      ] as const) {
        await site.sql(`update supabase_migrations.supasnap_snapshots set manifest = manifest || '${change}'`);
        expect(expectCode(await site.rollback({ to: id, dryRun: true }), 3, code).told).toContain('in the target');
        expect(expectCode(await site.run((context) => repair(context, { fetch: true })), 3, code).told).toContain('in the target');
        await site.sql(`update supabase_migrations.supasnap_snapshots set manifest = manifest || '${JSON.stringify({ format: 1 })}'`);
      }
      await site.sql(`update supabase_migrations.supasnap_snapshots set manifest = manifest || jsonb_build_object('name', name)`);
      expect(await site.state()).toEqual(before);
      await site.sql(
        `insert into supabase_migrations.schema_migrations values ('20250101000000', array['select 1'], '../../../evil'), ('../20250101000001', array['select 1'], null)`,
      );
      const fetched = expectCode(await site.run((context) => repair(context, { fetch: true })), 0);
      for (const file of fetched.value!.written) expect(file).toMatch(/^supabase\/(migrations|snapshots)\/[\w.]+$/);
      expect(fetched.value!.written.length).toBeGreaterThan(2);

      // Without the target's copy the manifest alone says what belongs together.
      await site.sql(
        'delete from supabase_migrations.supasnap_kept; delete from supabase_migrations.supasnap_runs; delete from supabase_migrations.supasnap_snapshots',
      );
      await refuses(written({ ...companion, sql: sha256('another') }), id);
      await refuses(written({ ...companion, format: 2 }), id);
      await refuses(written({ format: 1, sql: manifest.sha256 }), id);
    }));

  test.concurrent('a snapshot that no one has is asked for by any words, and is not found', () =>
    withBase({}, async (site) => {
      const before = await site.state();
      for (const to of ['../../../etc/passwd', "'; drop schema public cascade; --", '-x', 'a\nb', '..', '%', '\u202e']) {
        const { told } = expectCode(await site.rollback({ to }), 2, 'snapshot_missing');
        expect(told).toContain('npx supasnap rollback --list');
      }
      expect(await site.state()).toEqual(before);
    }));

  test.concurrent('a history that was altered by hand is named column by column, and what is named mends it', () =>
    withBase({ [next]: 'create table public.tags (id int);' }, async (site) => {
      const cases: [change: string, message: string][] = [
        ['schema_migrations drop column version', 'schema_migrations: column version is missing; it has to be text'],
        [
          'schema_migrations alter version type bigint using version::bigint',
          'schema_migrations: column version is bigint; it has to be text',
        ],
        [
          'schema_migrations alter statements type text using statements::text',
          'schema_migrations: column statements is text; it has to be text[]',
        ],
        ['supasnap_runs drop column proof', 'supasnap_runs: column proof is missing; it has to be jsonb'],
        ['supasnap_runs alter duration_ms type text', 'supasnap_runs: column duration_ms is text; it has to be integer'],
        ['supasnap_snapshots drop column catalog_check', 'supasnap_snapshots: column catalog_check is missing; it has to be text'],
        ['supasnap_kept rename item to thing', 'supasnap_kept: column item is missing; it has to be jsonb'],
      ];
      for (const [change, message] of cases) {
        const copy = `copied_${cases.findIndex(([one]) => one === change)}`;
        const table = change.split(' ')[0];
        await site.sql(
          `create table public.${copy} as select * from supabase_migrations.${table}; alter table supabase_migrations.${change}`,
        );
        const tables = () => site.sql(`select * from supabase_migrations.${table}`);
        const before = await tables();
        const refused = [await site.migrate(), await site.run((context) => status(context)), await site.rollback({ steps: 1 })];
        for (const ended of refused) {
          expect(expectCode<unknown>(ended, 3, 'bad_history').told).toContain(message);
          expect(ended.told).toContain('Nothing was changed.');
        }
        expect(await tables()).toEqual(before);
        const mend = /for example: (alter table .*;)$/m.exec(refused[0]!.told)![1]!;
        await site.sql(mend);
        expect((await site.run((context) => status(context))).told).not.toContain(message);
        await site.sql(`drop table public.${copy}`);
        if (change.includes('drop column version')) {
          await site.sql(
            "update supabase_migrations.schema_migrations set version = '20260101000000'; alter table supabase_migrations.schema_migrations add primary key (version)",
          );
        }
      }
      await site.sql(`alter table supabase_migrations.schema_migrations alter version type varchar(255), alter name type varchar`);
      expectCode(await site.run((context) => status(context)), 0);
    }));

  test.concurrent('a row that is gone from the history is told, with the command that records it again', () =>
    withBase({}, async (site) => {
      await site.sql('delete from supabase_migrations.schema_migrations');
      const failed = await expectUntouched(site, 1, 'sql_failed', () => site.migrate());
      expect(failed).toMatch(/_base\.sql was applied before \(.*\), and its row is gone from the history\./);
      expect(failed).toContain('relation "notes" already exists');
      const [, command] = /npx supasnap repair --applied (\d+)/.exec(failed)!;
      expectCode(await site.run((context) => repair(context, { applied: [command!] })), 0);
      expect(expectCode(await site.migrate(), 0).value?.applied).toEqual([]);
      // All of our own rows gone: what lies in the folder is enough to go back.
      await site.sql(
        'delete from supabase_migrations.supasnap_kept; delete from supabase_migrations.supasnap_runs; delete from supabase_migrations.supasnap_snapshots; delete from supabase_migrations.supasnap_states',
      );
      expectCode(await site.rollback({ to: 'v0.1.0_20260101000000.1' }), 0);
      expect(await site.sql("select to_regclass('public.notes') as notes")).toEqual([{ notes: null }]);
    }));

  test.concurrent('clocks that were set back, here and on the server, lead to no drift and the right way back', () =>
    withBase({ [next]: 'create table public.tags (id int);' }, async (site) => {
      await site.sql(`update supabase_migrations.supasnap_snapshots set taken_at = taken_at + interval '10 years'`);
      const now = new Date('2001-02-03T04:05:06Z');
      expectCode(await site.migrate({ now: () => now }), 0);
      const { value } = expectCode(await site.run((context) => status(context)), 0);
      expect(value?.drift?.differences).toEqual([]);
      expect(value?.lastSnapshot?.id).toBe('v0.2.0_20260102000000_after');
      expectCode(await site.rollback({ steps: 1, now: () => now }), 0);
      expect(await site.sql("select to_regclass('public.tags') as tags, to_regclass('public.notes')::text as notes")).toEqual([
        { tags: null, notes: 'notes' },
      ]);
      expect((await site.run((context) => status(context))).value?.drift?.differences).toEqual([]);
    }));

  test('names with quotes, line ends, semicolons and dashes in them are only names', () =>
    withBase({}, async (site) => {
      const file = `20260102000000_v0_2_0_it's;--\`id\`"$(id).sql`;
      const table = `"we""ird'; drop schema public; --"."-x\nnew 'line' ""; %s {} $1"`;
      site.project.write(
        `supabase/migrations/${file}`,
        `create schema "we""ird'; drop schema public; --";
         create table ${table} ("a;""b" int primary key, "..\n--" text); insert into ${table} values (1, 'x');
         grant select on ${table} to "-r'ole""; %I"; create policy "p';""\n" on ${table} to "-r'ole""; %I" using (true); alter table public.notes drop column due;`,
      );
      await site.sql(`create role "-r'ole""; %I"`);
      const before = await site.state();
      expectCode(await site.migrate(), 0);
      expect(await site.sql(`select * from ${table}`)).toEqual([{ 'a;"b': 1, '..\n--': 'x' }]);
      expectCode(await site.rollback({ steps: 1 }), 0);
      const after = await site.state();
      expect(after.rows['public.notes']).toEqual(before.rows['public.notes']);
      expectCode(await site.rollback({ to: site.project.list('supabase/snapshots').find((name) => /^rollback_\d+\.sql$/.test(name))! }), 0);
      expect(await site.sql(`select * from ${table}`)).toEqual([{ 'a;"b': 1, '..\n--': 'x' }]);
    }));

  test.each(['snapshots', 'rollback', 'docs'])('a folder %s that may not be written is found out before anything is done', (name) =>
    withBase({ [next]: 'create table public.tags (id int);' }, async (site) => {
      const folder = site.project.path(`supabase/${name}`);
      for (const each of ['snapshots', 'rollback', 'docs'].map((one) => site.project.path(`supabase/${one}`))) {
        mkdirSync(each, { recursive: true });
        chmodSync(each, 0o777);
      }
      const files = site.project.list('supabase/snapshots');
      chmodSync(folder, 0o555);
      try {
        const before = await site.state();
        const commands = [() => site.migrate(), ...(name === 'rollback' ? [] : [() => site.rollback({ steps: 1 })])];
        for (const command of commands) {
          const { told } = expectCode<unknown>(await asNobody<Ended<unknown>>(command), 1, 'write_failed');
          expect(told).toContain(`${folder} can't be written: this user may not write there.`);
          expect(told).toContain('State: Nothing was changed.');
          expect(told).not.toContain('Rehearsing');
        }
        expect(await site.state()).toEqual(before);
        expect(site.project.list('supabase/snapshots')).toEqual(files);
      } finally {
        chmodSync(folder, 0o755);
      }
    }),
  );
});
