import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, expectUntouched, sites, type Site } from './site.ts';

const next = '20260102000000_v0_2_0_next.sql';
const made = "create function public.made() returns trigger language plpgsql as 'begin return new; end';\n";
const trigger = `${made}create trigger made after insert on auth.users for each row execute function public.made();\n`;

describe.each(mostly(17))('rights of role postgres on the target, PostgreSQL %i', (major) => {
  const { withBase } = sites(major);
  /** As on the hosted platform: what postgres may do there, supautils says. */
  const withSupautils = (
    file: string,
    settings: Record<string, string>,
    use: (site: Site, superuser: (sql: string) => Promise<unknown>) => Promise<void>,
  ) =>
    withBase({ [next]: file }, async (site) => {
      const superuser = (sql: string) =>
        withClient({ ...site.server.superuser, database: site.database.database }, (client) => client.query(sql));
      await superuser('drop function supabase_migrations.supasnap_platform_rights(boolean)');
      for (const [name, value] of Object.entries(settings))
        await superuser(`alter database "${site.database.database}" set supautils.${name} = '${value}'`);
      await use(site, superuser);
    });

  test.concurrent('a policy on a table that is not on the list is refused before anything is touched', () =>
    withSupautils(
      'create policy mine on auth.users using (true);\ncreate policy mine on storage.objects using (true);\n',
      { policy_grants: '{"postgres": ["storage.objects"], "other": ["auth.users"]}' },
      async (site) => {
        const snapshots = site.project.list('supabase/snapshots');
        const told = await expectUntouched(site, 3, 'missing_rights', () => site.migrate());
        expect(told).toContain(
          'policy mine on auth.users: it belongs to supabase_auth_admin, and supautils.policy_grants does not list it for postgres',
        );
        expect(told).not.toContain('storage.objects:');
        expect(site.project.list('supabase/snapshots')).toEqual(snapshots);
        expect(expectCode(await site.migrate({ dryRun: true }), 0).told).toContain('policy mine on auth.users: it belongs to');
      },
    ));

  test.concurrent('a migration that postgres could not take back is refused; with the right it is applied, and refused to be rolled back where the right is gone', () =>
    withSupautils(trigger, {}, async (site, superuser) => {
      const told = await expectUntouched(site, 3, 'missing_rights', () => site.migrate());
      expect(told).toMatch(new RegExp(`Error: .*supabase/migrations/${next}`));
      expect(told).toContain(
        'drop trigger made on auth.users: it belongs to supabase_auth_admin, and supautils.drop_trigger_grants does not list it for postgres',
      );
      expect(told).toContain('Next:  Write a way back that does without');
      const name = site.database.database;
      await superuser(`alter database "${name}" set supautils.drop_trigger_grants = '{"postgres": ["auth.users"]}'`);
      expectCode(await site.migrate(), 0);
      await superuser(`alter database "${name}" reset supautils.drop_trigger_grants`);
      const back = await expectUntouched(site, 3, 'missing_rights', () => site.rollback({ steps: 1 }));
      expect(back).toContain('drop trigger made on auth.users');
    }));

  test.concurrent('extensions, event triggers, publications of all tables and reserved roles are asked for too', () =>
    withSupautils(
      'create extension postgres_fdw;\n',
      { reserved_roles: 'supabase_admin, anon, authenticated*' },
      async (site, superuser) => {
        const refusedFor = async (sql: string) => {
          site.project.write(`supabase/migrations/${next}`, sql);
          return expectUntouched(site, 3, 'missing_rights', () => site.migrate());
        };
        expect(await refusedFor('create extension postgres_fdw;\n')).toContain(
          'create extension postgres_fdw: it asks for a superuser, and supautils.privileged_extensions does not list it',
        );
        expect(await refusedFor('create extension if not exists pg_nothing;\n')).toContain(
          'create extension pg_nothing: this server has no such extension to install',
        );
        expect(await refusedFor('drop event trigger pgrst_ddl_watch;\n')).toContain(
          'event trigger pgrst_ddl_watch: it belongs to supabase_admin',
        );
        expect(await refusedFor('create publication everything for all tables;\n')).toContain(
          'all tables in publication everything: only a superuser may',
        );
        expect(
          await refusedFor("alter role anon set statement_timeout = '5s';\nalter role authenticated set statement_timeout = '5s';\n"),
        ).toMatch(/setting of role anon: supautils reserves that role, its settings too\n(?!.*setting of role authenticated)/);
        await superuser(`alter database "${site.database.database}" set supautils.privileged_extensions = 'hstore, postgres_fdw'`);
        site.project.write(
          `supabase/migrations/${next}`,
          'create extension if not exists postgres_fdw;\ncreate extension if not exists citext;\ndrop trigger if exists nothing on auth.users;\n',
        );
        expect(expectCode(await site.migrate({ dryRun: true }), 0).told).not.toContain('This role');
      },
    ));

  test.concurrent('on an embedded server, which lets postgres do what the platform lets it do, nothing is asked', () =>
    withBase({ [next]: `${trigger}create policy mine on auth.users using (true);\n` }, async (site) => {
      expectCode(await site.migrate(), 0);
      expectCode(await site.rollback({ steps: 1 }), 0);
    }));

  test.concurrent('a migration, and a rollback, that takes Realtime away is named with what stops', () =>
    withBase(
      { [next]: 'drop publication supabase_realtime;\n', '20260103000000_v0_3_0_again.sql': 'create publication supabase_realtime;\n' },
      async (site) => {
        const { told } = expectCode(await site.migrate(), 0);
        expect(told).toContain(
          'Line 1 drops publication supabase_realtime: gone is Realtime: clients hear of changes in no table any more.',
        );
        expect(expectCode(await site.rollback({ steps: 1 }), 0).told).toContain(
          'The rollback drops publication supabase_realtime: gone is Realtime',
        );
        expect(await site.sql("select from pg_publication where pubname = 'supabase_realtime'")).toEqual([]);
        expectCode(await site.rollback({ steps: 1 }), 0);
        expect(await site.sql("select from pg_publication where pubname = 'supabase_realtime'")).toHaveLength(1);
        let asked = '';
        await site.migrate({
          files: [next],
          yes: false,
          ask: async (question) => {
            asked = question;
            return '';
          },
        });
        expect(asked).toContain('It takes away what the platform needs.');
        expect(asked).not.toContain('It removes data.');
      },
    ));
});
