import { describe, expect, test } from 'vitest';
import { status } from '../../src/commands/status.ts';
import { withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { catalogDifferences, readCatalog } from './catalog.ts';
import { platformUpdate } from './updates.ts';

const superuserOf = (site: Site) => ({ ...site.server.superuser, database: site.database.database });
const asSuperuser = (site: Site, sql: string) => withClient(superuserOf(site), (client) => client.query(sql));
const catalog = (site: Site) => readCatalog(superuserOf(site));

const users = '20260102000000_v0_2_0_users.sql';
const usersSql = `
create table public.profiles (id uuid primary key references auth.users on delete cascade);
create function public.new_user() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger on_new_user after insert on auth.users for each row execute function public.new_user();
create policy "own files" on storage.objects for select to authenticated using (bucket_id = 'a');
grant select on auth.users to service_role;
alter publication supabase_realtime add table public.profiles;
create policy "on what goes" on storage.migrations for select using (true);
`;

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { ownShadow: true });

  test('what the platform changed of its own since a snapshot is no drift, is told, and stays, while what users made there goes back and forward', () =>
    withBase({ [users]: usersSql }, async (site) => {
      const origin = await catalog(site);
      expectCode(await site.migrate(), 0);
      const migrated = await catalog(site);
      await asSuperuser(site, platformUpdate);
      const updated = await catalog(site);
      expect(catalogDifferences(migrated, updated).length, 'the update changes the catalog').toBeGreaterThan(15);

      const { drift } = expectCode(await site.run(status), 0).value!;
      expect(drift).toMatchObject({
        by: 'facts',
        differences: [],
        platform: expect.arrayContaining(['schema auth', 'schema realtime', 'schema storage']),
      });

      const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
      expect(told).toMatch(/The platform changed .*its own schema auth.* since: left as it is\./);
      expect(told).not.toContain('changed by other means');
      expect(told).not.toContain('passkeys');
      const back = await catalog(site);
      expect(catalogDifferences(updated, back)).toEqual(catalogDifferences(migrated, origin));
      expectCode(await site.migrate(), 0);
      expect(catalogDifferences(updated, await catalog(site))).toEqual([]);
    }));

  test('what users changed by hand beside an update of the platform is drift, alone, and a rollback to the snapshot takes back that alone', () =>
    withBase({ [users]: usersSql }, async (site) => {
      expectCode(await site.migrate(), 0);
      await asSuperuser(site, `${platformUpdate}; drop table storage.migrations cascade`);
      const updated = await catalog(site);
      await asSuperuser(
        site,
        'create extension citext with schema extensions; drop policy "own files" on storage.objects; drop trigger on_new_user on auth.users; set role postgres; alter publication supabase_realtime drop table public.profiles; reset role; create policy "by hand" on storage.buckets using (true)',
      );
      const { drift } = expectCode(await site.run(status), 0).value!;
      expect(
        drift!.differences
          .filter((line) => !line.startsWith('no longer') && !line.startsWith('now') && !/extensions\.|citext, /.test(line))
          .sort(),
      ).toEqual([
        'added: comment on extension citext',
        'added: extension citext',
        'added: policy storage.buckets.by hand',
        'gone: policy storage.objects.own files',
        'gone: table public.profiles in publication supabase_realtime',
        'gone: trigger auth.users.on_new_user',
      ]);
      const { told } = expectCode(await site.rollback({ to: 'v0.2.0' }), 0);
      expect(told).toContain('policy storage.migrations.on what goes does not come back: the platform took away what it was on.');
      expect(catalogDifferences(updated, await catalog(site))).toEqual([]);
    }));

  test('an extension that can not go back to its version is named before anything is touched, and all else goes back', () =>
    withBase(
      {
        '20260102000000_v0_2_0_old.sql': "create extension hstore with schema extensions version '1.7';\n",
        '20260103000000_v0_3_0_update.sql': "alter extension hstore update to '1.8';\ncreate table public.bags (id int);\n",
      },
      async (site) => {
        const { told } = expectCode(await site.migrate(), 0);
        const named = 'Extension hstore stays at version 1.8: PostgreSQL knows no way from there to 1.7.';
        expect(told).toContain(named);
        expect(site.project.read('supabase/rollback/20260103000000_rollback.sql')).toContain(named);
        expect(expectCode(await site.rollback({ steps: 1 }), 0).told).toContain(named);
        expect(await site.sql("select extversion, to_regclass('public.bags') as bags from pg_extension where extname = 'hstore'")).toEqual([
          { extversion: '1.8', bags: null },
        ]);
      },
    ));
});
