import { describe, expect, test } from 'vitest';
import { expectCode, expectUntouched, sites } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';

describe('on PostgreSQL 17', () => {
  const { withBase } = sites(17);

  test.concurrent('rows behind COPY … FROM stdin are loaded with the rest of the file, also from an included one, and go with the rollback', () =>
    withBase(
      {
        [next]: "create table public.tags (id int primary key, name text);\ncopy public.tags from stdin;\n1\tit's; \\\\i\n2\t\\N\n\\.\n\\i supabase/parts/more.sql\ncopy public.tags (name, id) from stdin with (format csv, header);\nname,id\n\"a\nb\",5\n\\.\n",
        'supabase/parts/more.sql': 'copy public.tags from stdin;\n3\tthree\n\\.\nupdate public.tags set id = 4 where id = 3;',
      },
      async (site) => {
        const migrated = expectCode(await site.migrate(), 0);
        expect(migrated.told).toContain(`supabase/migrations/${next} includes supabase/parts/more.sql, which the Supabase CLI would not do.`);
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
        const edited = await expectUntouched(site, 3, () => site.migrate());
        expect(edited).toContain(`${next} was edited after it was applied`);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql("select to_regclass('public.tags') as tags")).toEqual([{ tags: null }]);
      },
    ));

  test.concurrent('a row that the server does not take is shown with its line, and so is a mistake in an included file', () =>
    withBase({ [next]: '\\i supabase/parts/rows.sql\n', 'supabase/parts/rows.sql': 'create table public.tags (id int);\ncopy public.tags from stdin;\n1\nx2\n\\.\n' }, async (site) => {
      const row = await expectUntouched(site, 1, () => site.migrate());
      expect(row).toContain('supabase/parts/rows.sql:4:1\n  4 | x2\n');
      expect(row).toContain('invalid input syntax for type integer: "x2" (22P02)');
      expect(row).toContain('The target was not touched.');
      site.project.write('supabase/parts/rows.sql', 'select 1;\nselect nothing from public.notes;\n');
      const mistake = await expectUntouched(site, 1, () => site.migrate());
      expect(mistake).toMatch(/supabase\/parts\/rows\.sql:2:8\n {2}2 \| select nothing from public\.notes;\n +\| {8}\^\n/);
    }));
});
