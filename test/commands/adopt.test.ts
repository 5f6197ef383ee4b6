import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { adopt, type AdoptOptions } from '../../src/commands/adopt.ts';
import { status } from '../../src/commands/status.ts';
import { migrationName } from '../../src/migration/file-name.ts';
import { withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { forgetRoles, makeProject } from './adopted-project.ts';
import { shareShadow } from './shared-shadow.ts';
import { expectCode, expectUntouched, sites, urlOf, type Site } from './site.ts';
import type { TargetState } from './target-state.ts';

const share = shareShadow();
const adopting = (site: Site, options: AdoptOptions = {}, extra: Parameters<Site['run']>[1] = {}) =>
  site.run((context) => adopt(context, options), extra);

describe.each(mostly(17))('a database without history, on PostgreSQL %i', (major) => {
  const { withNothing } = sites(major);
  const withShared = (use: (site: Site) => Promise<void>) =>
    withNothing({}, async (site) => {
      share(site.project);
      await use(site);
    });

  test('is adopted once: the baseline holds all that users made, is proven, recorded as applied, and touches nothing', () =>
    withShared(async (site) => {
      try {
        await makeProject(site);
        const before = await site.state();
        const dry = expectCode(await adopting(site, { dryRun: true }), 0);
        expect(dry.value).toMatchObject({ changed: false, baseline: { proven: true } });
        expectCode(await adopting(site, {}, { yes: false }), 3, 'not_confirmed');
        expect(await site.state()).toEqual(before);
        expect(readdirSync(site.project.path('supabase/migrations'))).toEqual([]);

        const { value, told } = expectCode(await adopting(site, { version: 'v1.0.0' }), 0);
        expect(told).toContain('by facts and by pg_dump');
        expect(told).toContain('roles app_reader, app_worker without password');
        expect(value).toMatchObject({ changed: true, baseline: { proven: true }, rebuilt: [] });
        const { file, text } = value!.baseline!;
        expect(migrationName(file.split('/').at(-1)!)).toMatchObject({ release: 'v1.0.0', description: 'baseline' });
        expect(site.project.read(file)).toBe(text);
        for (const part of [
          'on_auth_user_created',
          'avatars for all',
          'supabase_realtime ADD TABLE',
          'EVENT TRIGGER on_ddl',
          "'7s'",
          'GRANT "app_reader" TO "app_worker"',
          'REVOKE ALL ON TABLE "public"."closed" FROM "anon"',
          'DEFAULT PRIVILEGES',
        ])
          expect(text).toContain(part);
        expect(text).not.toContain('CREATE TABLE auth.');
        const after = await site.state();
        expect(usersRows(after)).toEqual(usersRows(before));
        expect(after.roles).toEqual(before.roles);
        expect(await site.sql('select name from supabase_migrations.schema_migrations')).toEqual([{ name: 'v1_0_0_baseline' }]);
        expect(site.project.read('supabase/docs/MIGRATIONS.md')).toContain('v1_0_0_baseline');

        expect(expectCode(await site.run(status), 0).value).toMatchObject({
          pending: [],
          missing: [],
          edited: [],
          drift: { by: 'catalog', differences: [] },
        });
        const again = await expectUntouched(site, 0, () => adopting(site));
        expect(again).toContain('has a history already');
        await expectUntouched(site, 3, 'snapshot_missing', () => site.rollback({ steps: 1 }));
      } finally {
        await forgetRoles(site);
      }
    }));

  test("is refused where the baseline can't make the same, with what stands against it", () =>
    withShared(async (site) => {
      await withClient({ ...site.server.superuser, database: site.database.database }, (client) =>
        client.query('create table public.theirs (id int)'),
      );
      const told = await expectUntouched(site, 3, 'not_proven', () => adopting(site));
      expect(told).toContain('supabase_admin');
      expect(readdirSync(site.project.path('supabase/migrations'))).toEqual([]);
      const onTarget: AdoptOptions['shadow'] = (_, use) =>
        use({ kind: 'target', name: 'the target', settings: site.database, ownRoles: [], commits: false, keep: async () => {} });
      expect(await expectUntouched(site, 3, 'not_proven', () => adopting(site, { shadow: onTarget }))).toContain('--shadow <url>');
      const forced = expectCode(await adopting(site, { allowUnproven: true }), 0);
      expect(forced.value!.baseline!.text).toContain('NOT proven');
    }));

  test("may have a platform of another version: what is the platform's own counts as it is, and is in no baseline", () =>
    withShared(async (site) => {
      await withClient({ ...site.server.superuser, database: site.database.database }, (client) =>
        client.query(`set role supabase_auth_admin; alter table auth.users add column newer_version text; create table auth.newer (id uuid primary key, of uuid references auth.users);
          create index newer_of on auth.newer (of); grant select on auth.newer to postgres; comment on table auth.newer is 'of another version';
          set role supabase_storage_admin; create function storage.newer() returns trigger language plpgsql as $$ begin return new; end $$;
          create trigger newer before insert on storage.objects for each row execute function storage.newer(); drop function if exists storage.extension(text);
          reset role; alter default privileges for role supabase_admin in schema public revoke all on tables from anon`),
      );
      await site.sql(
        'create table public.profiles (id uuid primary key references auth.users, name text); grant select on auth.users to anon',
      );
      expect(expectCode(await site.run(status), 0).value!.next).toContain('npx supasnap adopt');
      const { value, told } = expectCode(await adopting(site), 0);
      expect(told).toContain('Proven on embedded PostgreSQL');
      expect(value!.baseline!.text).toMatch(/GRANT SELECT ON (TABLE )?"?auth"?\."?users"? TO "?anon"?/);
      expect(value!.baseline).toMatchObject({ proven: true });
      expect(value!.baseline!.text).toContain('CREATE TABLE public.profiles');
      expect(value!.baseline!.text).not.toContain('newer');
      expect(value!.baseline!.text).not.toContain('supabase_admin');
    }));

  test('needs no baseline where nobody made anything; and beside files of unknown effect none is written', () =>
    withShared(async (site) => {
      expect(await expectUntouched(site, 0, () => adopting(site))).toContain('needs no baseline');
      site.project.write('supabase/migrations/20260101000000_v0_1_0_notes.sql', 'create table public.notes (id int primary key);\n');
      await site.sql('create table public.notes (id int primary key)');
      expect(await expectUntouched(site, 3, 'not_applied', () => adopting(site))).toContain('npx supasnap repair --applied 20260101000000');
      expectCode(await adopting(site, { version: 'first' }), 3, 'not_applied');
    }));

  test('may be plain PostgreSQL: the baseline is all of it, with the roles that it names', () =>
    withShared(async (site) => {
      const plain = { ...site.database, database: 'adopt_plain' };
      const superuser = (sql: string) => withClient(site.server.superuser, (client) => client.query(sql));
      await superuser('create database adopt_plain template template0 owner postgres');
      try {
        await withClient(plain, (client) =>
          client.query(`create role plain_reader; create schema shop; create table shop.items (id int primary key, price int check (price > 0));
          create view shop.cheap as select id from shop.items where price < 3; grant usage on schema shop to plain_reader; grant select on shop.cheap to plain_reader; revoke all on schema public from public`),
        );
        const target = { target: { remote: urlOf(plain) } };
        const { value } = expectCode(await adopting(site, {}, target), 0);
        expect(value!.baseline).toMatchObject({ proven: true });
        for (const part of [
          'create role "plain_reader"',
          'CREATE TABLE shop.items',
          'GRANT SELECT ON TABLE shop.cheap TO plain_reader',
          'REVOKE',
        ])
          expect(value!.baseline!.text).toContain(part);
        expect(value!.baseline!.text).not.toContain('authenticator');
        expect(expectCode(await site.run(status, target), 0).value).toMatchObject({ pending: [], missing: [], edited: [] });
      } finally {
        await superuser('drop database if exists adopt_plain with (force)');
        await superuser('drop role if exists plain_reader');
      }
    }));
});

/** The rows that are no history of migrations. */
const usersRows = ({ rows }: TargetState) =>
  Object.fromEntries(Object.entries(rows).filter(([table]) => !table.startsWith('supabase_migrations.')));
