import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { adoptFrom, type AdoptFromOptions } from '../../src/commands/adopt-from.ts';
import { status } from '../../src/commands/status.ts';
import { mostly } from '../postgres/database.ts';
import { dbmate, dbmateBinary, runNumbered, type Files } from './earlier-tools.ts';
import { expectCode, expectUntouched, type Site, sites } from './site.ts';

const ups: Files = {
  'db/001_create_notes.sql': 'create table public.notes (id int primary key, body text not null);\n',
  'db/002_add_due.sql': 'alter table public.notes add column due date;\n',
};
const downs: Files = {
  'db/down/001_create_notes_down.sql': 'drop table public.notes;\n',
  'db/down/002_add_due_down.sql': 'alter table public.notes drop column due;\n',
};
const migrationsTable = {
  create: 'create table public._migrations (id serial primary key, filename text not null unique, checksum text not null, applied_at timestamptz not null default now())',
  insert: ({ fileName, sha256, at }: { fileName: string; sha256: string; at: string }) => `insert into public._migrations (filename, checksum, applied_at) values ('${fileName}', '${sha256}', '${at}')`,
};

const adopt = (site: Site, options: Partial<AdoptFromOptions> = {}, extra: Parameters<Site['run']>[1] = {}) => site.run((context) => adoptFrom(context, { from: 'db', ...options }), extra);

describe.each(mostly(17))('taking over the history of another tool, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);

  test('numbered files with down files and _migrations', () =>
    withNothing({ ...ups, ...downs, 'db/003_tags.sql': 'create table public.tags (id int primary key);\n' }, async (site) => {
      await runNumbered(site, ups, migrationsTable);
      const ended = expectCode(await adopt(site), 0);
      console.log(ended.told);
      console.log(site.project.read('supabase/docs/MIGRATIONS.md'));
      console.log(site.project.read('supabase/migrations/19991231235959_history_of_migrations.sql'));
      console.log(await site.sql('select version, name, statements, rollback from supabase_migrations.schema_migrations order by 1'));
      console.log(await site.sql('select * from supabase_migrations.supasnap_runs order by 1'));
      console.log(JSON.stringify(expectCode(await site.run(status), 0).value, null, 1));
    }));
});
