import { describe, expect, test } from 'vitest';
import { listKept } from '../../src/commands/kept-list.ts';
import { keptTable } from '../../src/commands/kept-table.ts';
import { readCopies, type KeptCopy } from '../../src/kept/copies.ts';
import { readOnly } from '../../src/kept/read-only.ts';
import { withClient } from '../../src/target/connection.ts';
import { mostly, withDatabase } from '../postgres/database.ts';
import { runCli, withProject } from '../project.ts';
import { expectCode, expectUntouched, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const destroys = `alter table public.notes drop column due;
update public.notes set body = 'FIRST' where id = 1;
`;

describe.each(mostly(15))('on PostgreSQL %i', (major) => {
  const { withBase, withNothing } = sites(major, { bare: true });

  test.concurrent('what a migration and its rollback kept is listed with run, columns, rows and by whom it was put back', () =>
    withBase({ [next]: destroys }, async (site) => {
      expectCode(await site.migrate(), 0);
      const [keys, first, ...others] = expectCode(await site.run(listKept), 0).value!.copies;
      expect(keys).toMatchObject({ run: { name: 'v0_1_0_base' }, what: 'keys of new rows', columns: ['id'], rows: 2 });
      expect(others).toEqual([]);
      expect(first).toMatchObject({
        relation: `supasnap_kept_${first!.id}`,
        run: { kind: 'migrate', version: '20260102000000', name: 'v0_2_0_next', undone: [] },
        table: { schema: 'public', name: 'notes' },
        what: 'columns and rows',
        columns: ['id', 'body', 'due'],
        rows: 2,
        putBack: null,
      });
      expect(await site.sql(`select pg_total_relation_size('supabase_migrations.${first!.relation}')::int as bytes`)).toEqual([
        { bytes: first!.bytes },
      ]);

      expectCode(await site.rollback({ steps: 1 }), 0);
      const { copies } = expectCode(await site.run(listKept), 0).value!;
      expect(copies.map(({ id }) => id)).toEqual(copies.map(({ id }) => id).sort((a, b) => a - b));
      expect(copies[1]).toMatchObject({ id: first!.id, putBack: { run: { kind: 'rollback', undone: ['20260102000000'] }, rowsLeft: 0 } });
      expect(copies.at(-1)).toMatchObject({
        run: { kind: 'rollback', undone: ['20260102000000'] },
        table: { name: 'notes' },
        putBack: null,
      });
    }));

  test.concurrent('a dropped table, columns alone and rows alone each go by their name', () =>
    withBase(
      {
        [next]: 'create table public.tags (id int primary key, label text);\ncreate table public.words (id int primary key, word text);\n',
        '20260103000000_v0_3_0_less.sql':
          'drop table public.tags;\nalter table public.notes drop column due;\nupdate public.words set word = upper(word);\n',
      },
      async (site) => {
        expectCode(await site.migrate({ files: [next] }), 0);
        await site.sql("insert into public.tags values (1, 'red'); insert into public.words values (1, 'a'), (2, 'B')");
        expectCode(await site.migrate(), 0);
        const { copies } = expectCode(await site.run(listKept), 0).value!;
        expect(copies.map(({ table, what, columns, rows }) => [table.name, what, columns, rows])).toEqual(
          expect.arrayContaining([
            ['tags', 'dropped table', ['id', 'label'], 1],
            ['notes', 'columns', ['due'], 2],
            ['words', 'changed rows', ['id', 'word'], 1],
          ]),
        );
      },
    ));

  test.concurrent('rows that users changed since are told to be left, with the rollback that left them', () =>
    withBase({ [next]: 'update public.notes set body = upper(body);\n' }, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql("update public.notes set body = 'mine' where id = 2");
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(expectCode(await site.run(listKept), 0).value!.copies[1]!.putBack).toMatchObject({ rowsLeft: 1 });
    }));

  test.concurrent('looking makes nothing on a target without a history, and says how one begins', () =>
    withNothing({}, async (site) => {
      await site.sql('drop schema supabase_migrations cascade');
      await expectUntouched(site, 0, () => site.run(listKept));
      expect(await site.sql("select to_regnamespace('supabase_migrations') as schema")).toEqual([{ schema: null }]);
      const { database: name, user, password, host, port } = site.database;
      const url = `postgresql://${user}:${password}@${host}:${port}/${name}`;
      const { exitCode, stdout } = await runCli('db-kept', [`--remote=${url}`], { cwd: site.project.folder });
      expect(exitCode).toBe(0);
      expect(stdout).toContain('supasnap has no history there. It begins with: npx supasnap migrate');
    }));

  test.concurrent('a fate that this version does not know is listed all the same', () =>
    withBase({ [next]: destroys }, async (site) => {
      expectCode(await site.migrate(), 0);
      await site.sql(`update supabase_migrations.supasnap_kept set item = item || '{"fate": "sequence", "columns": [], "rowKey": []}'`);
      const { copies } = expectCode(await site.run(listKept), 0).value!;
      expect(copies.at(-1)).toMatchObject({ what: 'sequence', columns: [] });
      expect(keptTable(copies)).toMatch(/public\.notes +sequence +2 /);
    }));

  test.concurrent('who may not read the copies is told so, instead of that there are none', () =>
    withBase({ [next]: destroys }, async (site) => {
      expectCode(await site.migrate(), 0);
      const asAnon = withClient(site.database, async (client) => {
        await client.query('set role anon');
        return readOnly(client, 1000, () => readCopies(client));
      });
      await expect(asAnon).rejects.toMatchObject({
        exitCode: 1,
        code: 'sql_failed',
        sqlState: '42501',
        next: expect.stringContaining('owner'),
      });
    }));
});

test('the command prints a table, and JSON with the same records; nothing kept is a sentence and an empty array', async () => {
  await withDatabase(17, (database) =>
    withProject({}, async ({ folder }) => {
      const run = (...words: string[]) => runCli('db-kept', [...words, `--remote=${database.url}`], { cwd: folder });
      expect((await run('list')).stdout).toContain('Nothing is kept on ');
      expect(JSON.parse((await run('list', '--output-format=json')).stdout)).toEqual([]);
    }),
  );
});

const copy = (facts: Partial<KeptCopy>): KeptCopy => ({
  id: 7,
  relation: 'supasnap_kept_7',
  run: { id: '3', kind: 'migrate', version: '20260102000000', name: 'v0_2_0_next', undone: [], appliedAt: '2026-01-02T10:11:12Z' },
  table: { schema: 'public', name: 'notes' },
  what: 'columns',
  columns: ['due'],
  rows: 2,
  bytes: 16384,
  keptAt: '2026-01-02T10:11:12Z',
  ageSeconds: 3 * 86_400,
  putBack: null,
  ...facts,
});

test('the table stands below its runs, names what was put back, and ends with the total', () => {
  const rollback = {
    id: '4',
    kind: 'rollback' as const,
    version: 'v0.2.0_20260102000000',
    name: 'the state before 20260102000000_v0_2_0_next',
    undone: ['20260102000000'],
    appliedAt: '2026-01-05T09:00:00Z',
  };
  expect(
    keptTable([
      copy({ putBack: { run: rollback, rowsLeft: 0 } }),
      copy({
        id: 8,
        what: 'dropped table',
        columns: ['id', 'label'],
        rows: 1204,
        table: { schema: 'public', name: 'tags' },
        putBack: { run: rollback, rowsLeft: 2 },
      }),
      copy({ id: 12, run: rollback, ageSeconds: 7200, what: 'changed rows', columns: ['id', 'body'] }),
    ]),
  ).toBe(
    `ID  TABLE         WHAT                       ROWS     SIZE  PUT BACK

migrate 20260102000000_v0_2_0_next, 2026-01-02 10:11 UTC, 3 days ago
 7  public.notes  columns: due                  2  16.4 kB  rollback 2026-01-05
 8  public.tags   dropped table: id, label  1,204  16.4 kB  in part, rollback 2026-01-05

rollback of 20260102000000, 2026-01-05 09:00 UTC, 2 hours ago
12  public.notes  changed rows: id, body        2  16.4 kB  not yet

Total: 3 copies, 1,208 rows, 49.2 kB.`,
  );
});

test('long names and odd characters stay on one line of at most 100', () => {
  const long = 'a_name_of_sixty_three_bytes_that_says_everything_there_is_to_sa';
  const lines = keptTable([
    copy({
      id: 123456,
      table: { schema: long, name: 'line\nend' },
      columns: [long, long],
      rows: 123_456_789,
      bytes: 98_765_432_100,
      run: { ...copy({}).run, name: long + long },
    }),
  ]).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  expect(lines.length).toBe(6);
  expect(lines[3]).toContain('…');
});
