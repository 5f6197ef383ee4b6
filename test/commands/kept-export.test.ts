import { chmodSync, readFileSync, statSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { exportKept } from '../../src/commands/kept-export.ts';
import { listKept } from '../../src/commands/kept-list.ts';
import { csvLine } from '../../src/kept/csv.ts';
import { withClient } from '../../src/target/connection.ts';
import { errorOf, runCli } from '../project.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const more = '20260103000000_v0_3_0_more.sql';

const url = ({ database: { user, password, host, port, database } }: Site) =>
  `postgresql://${user}:${password}@${host}:${port}/${database}`;

/** The copy that was kept last. */
const lastCopy = async (site: Site) => expectCode(await site.run(listKept), 0).value!.copies.at(-1)!;

async function exportText(site: Site, id: number): Promise<string> {
  const file = site.project.path(`kept-${id}.csv`);
  expectCode(await site.run((context) => exportKept(context, { id: String(id), to: file })), 0);
  return readFileSync(file, 'utf8');
}

describe.each(mostly(15))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true });

  test.concurrent('values before and after stand under the names of the table, with the mark in words and what is not written empty', () =>
    withBase(
      {
        [next]:
          "update public.notes set body = 'changed, \"really\"' where id = 1;\ndelete from public.notes where id = 2;\ninsert into public.notes values (3, '', null);\n",
      },
      async (site) => {
        expectCode(await site.migrate(), 0);
        const [header, ...lines] = (await exportText(site, (await lastCopy(site)).id)).split('\r\n');
        expect(header).toBe('mark,id,body,due,id (after),body (after),due (after)');
        expect(lines.sort()).toEqual([
          '',
          'changed,1,first,2026-01-01,1,"changed, ""really""",2026-01-01',
          'deleted,2,second,,,,',
          'inserted,,,,3,"",',
        ]);
      },
    ));

  test.concurrent('a key that is not among the columns stands before them, and rows that users deleted are gone', () =>
    withBase(
      { [next]: 'alter table public.notes drop column due;\n', [more]: "insert into public.notes values (3, 'third'), (4, 'fourth');\n" },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        expect((await exportText(site, (await lastCopy(site)).id)).split('\r\n').sort()).toEqual([
          '',
          'changed,1,2026-01-01',
          'changed,2,',
          'mark,id,due',
        ]);

        expectCode(await site.migrate(), 0);
        await site.sql('delete from public.notes where id = 4');
        expectCode(await site.rollback({ steps: 1 }), 0);
        const lines = (await exportText(site, (await lastCopy(site)).id)).split('\r\n');
        expect(lines[0]).toBe('mark,id,body,id (after),body (after)');
        expect(lines).toContain('gone,4,,,');
        expect(lines).toContain('deleted,3,third,,');
      },
    ));

  test.concurrent('a dropped table reads back into PostgreSQL with every value as it was', () =>
    withBase(
      {
        [next]: `create type public.mood as enum ('sad', 'a, "b"');
          create table public.odd (id bigint primary key, "a ""b"", c" text, mark text, n numeric, f float8, at timestamptz, span interval, raw bytea, doc jsonb, list text[], yes boolean, padded char(5), feel public.mood);`,
        [more]: 'drop table public.odd;\n',
      },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        await site.sql(`insert into public.odd values
          (9223372036854775807, e'two\\nlines, "quoted"\\r\\n', '', 1.500, 0.1::float8 + 0.2, '2026-03-04 05:06:07.891011+02', '1 mon -3 days 04:05:06.7', '\\x00ff', '{"a": [1, null, "ä"]}', '{"", null, "x,y"}', true, 'ab', 'a, "b"'),
          (2, null, null, 'NaN', '-Infinity', 'infinity', '0', '', 'null', '{}', false, null, null),
          (3, '\\.', ' padded ', 0, -0.0, '0044-03-15 00:00:00+00 BC', '1 year', '\\x61', '"NULL"', null, null, '', 'sad')`);
        const before = await site.sql('select o::text from public.odd o order by id');
        await site.sql('create table public.again (supasnap_mark text, like public.odd)');
        expectCode(await site.migrate({ files: [more] }), 0);
        const file = site.project.path('odd.csv');
        const { id } = await lastCopy(site);
        expectCode(await site.run((context) => exportKept(context, { id: String(id), to: file })), 0);
        expect(readFileSync(file, 'utf8').split('\r\n')[0]).toBe(
          'supasnap mark,id,"a ""b"", c",mark,n,f,at,span,raw,doc,list,yes,padded,feel',
        );
        chmodSync(file, 0o644);
        await withClient({ ...site.server.superuser, database: site.database.database }, (client) =>
          client.query(`copy public.again from '${file}' (format csv, header)`),
        );
        await site.sql('alter table public.again drop column supasnap_mark');
        expect(await site.sql('select o::text from public.again o order by id')).toEqual(before);
      },
    ));

  test.concurrent('an existing file is never overwritten, a new one is readable by its owner alone, and an unknown number names those there are', () =>
    withBase({ [next]: 'alter table public.notes drop column due;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      const { id } = await lastCopy(site);
      const run = (...words: string[]) => runCli('db-kept', ['export', ...words, `--remote=${url(site)}`], { cwd: site.project.folder });
      const name = `kept_${id}_public.notes.csv`;
      expect(await run(String(id))).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`Wrote 2 rows of public.notes to ${site.project.path(name)}`),
      });
      expect(statSync(site.project.path(name)).mode & 0o777).toBe(0o600);
      site.project.write(name, 'mine');
      const refusal = async (exitCode: number, ...words: string[]) => {
        const refused = await run(...words, '--output-format=json');
        expect(refused.exitCode).toBe(exitCode);
        return errorOf(refused);
      };
      expect(await refusal(3, String(id))).toMatchObject({ code: 'file_exists', message: expect.stringContaining(name) });
      expect(site.project.read(name)).toBe('mine');
      expect(site.project.list('.').filter((file) => file.endsWith('.tmp'))).toEqual([]);

      expect(await run(String(id), '--out=-')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^mark,id,due\r?\nchanged,/) });
      expect(await refusal(2, String(id), '--out=-')).toMatchObject({
        code: 'wrong_arguments',
        message: expect.stringContaining('--out -'),
      });
      expect(await refusal(2, '99')).toMatchObject({
        code: 'copy_missing',
        message: expect.stringContaining('99'),
        detail: [`There are: 1, ${id}`],
      });
      expect(await refusal(2, 'due')).toMatchObject({ code: 'wrong_arguments', message: expect.stringContaining('"due"') });
    }));

  test.concurrent('many rows come in parts, and nothing is changed by reading them', () =>
    withBase(
      { [next]: 'create table public.many (id int primary key, word text);\n', [more]: 'drop table public.many;\n' },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        await site.sql("insert into public.many select i, repeat('x', 100) from generate_series(1, 40000) i");
        expectCode(await site.migrate(), 0);
        const { id } = await lastCopy(site);
        const parts: number[] = [];
        const slow = new Writable({
          write: (part: Buffer, _, done) => {
            parts.push(part.length);
            setTimeout(done, 5);
          },
        });
        await expectUntouched(site, 0, () => site.run((context) => exportKept(context, { id: String(id), to: slow })));
        expect(parts.length).toBe(9);
        expect(Math.max(...parts)).toBeLessThan(1_000_000);
        expect(parts.reduce((sum, length) => sum + length)).toBe(
          'mark,id,word\r\n'.length +
            40_000 * 'deleted,,\r\n'.length +
            40_000 * 100 +
            Array.from({ length: 40_000 }, (_, at) => String(at + 1).length).reduce((sum, length) => sum + length),
        );
      },
    ));

  test.concurrent('what the copy of an unknown fate holds stands under its own names; a copy whose table is gone says so and leaves no file', () =>
    withBase({ [next]: 'alter table public.notes drop column due;\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      const { id, relation } = await lastCopy(site);
      await site.sql(
        `update supabase_migrations.supasnap_kept set item = item || '{"fate": "sequence", "columns": [], "rowKey": []}' where relation = '${relation}'`,
      );
      expect((await exportText(site, id)).split('\r\n')[0]).toBe('mark,k1,c3');
      await site.sql(`drop table supabase_migrations.${relation}`);
      const file = site.project.path('gone.csv');
      const { told } = expectCode(await site.run((context) => exportKept(context, { id: String(id), to: file })), 1, 'copy_missing');
      expect(told).toMatch(new RegExp(`Error: .*${relation}`));
      expect(site.project.list('.').filter((name) => name.includes('gone'))).toEqual([]);
    }));
});

test('a field is quoted where RFC 4180 asks for it; null and the empty text stay apart', () => {
  expect(csvLine([null, '', 'a', 'a b', 'a,b', 'a"b', 'a\nb', 'a\rb'])).toBe(',"",a,a b,"a,b","a""b","a\nb","a\rb"\r\n');
});
