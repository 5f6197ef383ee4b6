import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { installPlatformRights } from '../../src/target/embedded/platform.ts';
import { majors, ownServers, withDatabase, withEmptyDatabase } from '../postgres/database.ts';

// The rights are an attribute of the role postgres.
ownServers();

const take = 'SELECT supabase_migrations.supasnap_platform_rights(true);';
const giveBack = 'SELECT supabase_migrations.supasnap_platform_rights(false);';

/** What the hosted platform lets postgres do. */
const allowed: Record<string, string> = {
  'a policy on storage.objects': `CREATE POLICY mine ON storage.objects USING (true); ALTER POLICY mine ON storage.objects USING (false)`,
  'a trigger on auth.users': `CREATE TRIGGER made AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.nothing();
    CREATE OR REPLACE TRIGGER made AFTER UPDATE ON auth.users FOR EACH ROW EXECUTE FUNCTION public.nothing();
    DROP TRIGGER made ON auth.users`,
  'an event trigger': `CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watched()`,
  'a publication of all tables': `CREATE PUBLICATION everything FOR ALL TABLES`,
  'an extension that only a superuser may make': `CREATE EXTENSION postgres_fdw`,
  session_replication_role: `SET LOCAL session_replication_role = replica`,
};

describe.each(majors)('platform rights on PostgreSQL %i', (major) => {
  test.each(Object.entries(allowed))('%s needs them', async (_name, sql) => {
    await withDatabase(major, async ({ settings }) => {
      await withClient(settings, async (client) => {
        await prepare(client);
        // CREATE TRIGGER alone is granted to postgres by the table's own privileges; dropping it is not.
        await expect(client.query(`BEGIN; ${sql}`)).rejects.toThrow(/permission denied|must be (owner|superuser)|Must be superuser/);
        await client.query('ROLLBACK');
        await client.query(`BEGIN; ${take} ${sql}; ${giveBack} COMMIT`);
        expect(await isSuperuser(client)).toBe(false);
      });
    });
  });

  test('what is made with them belongs to postgres, and an event trigger fires afterwards', async () => {
    await withDatabase(major, async ({ settings }) => {
      await withClient(settings, async (client) => {
        await prepare(client);
        await client.query(`BEGIN; ${take} ${allowed['an event trigger']}; ${giveBack} COMMIT`);
        const notices: string[] = [];
        client.on('notice', (notice) => notices.push(notice.message ?? ''));
        await client.query('CREATE TABLE seen (id int)');
        expect(notices).toContain('CREATE TABLE seen');
        const { rows } = await client.query(`SELECT evtowner::regrole::text AS owner FROM pg_event_trigger WHERE evtname = 'watch'`);
        expect(rows).toEqual([{ owner: 'postgres' }]);
        await client.query('DROP EVENT TRIGGER watch');
      });
    });
  });

  test('a rollback takes them away again, and so does a rollback to a savepoint', async () => {
    await withDatabase(major, async ({ settings }) => {
      await withClient(settings, async (client) => {
        await client.query(`BEGIN; SAVEPOINT before; ${take}`);
        expect(await isSuperuser(client)).toBe(true);
        await client.query('ROLLBACK TO before');
        expect(await isSuperuser(client)).toBe(false);
        await client.query(`${take} ROLLBACK`);
        expect(await isSuperuser(client)).toBe(false);
        await expect(client.query('CREATE PUBLICATION everything FOR ALL TABLES')).rejects.toThrow(/superuser/i);
      });
    });
  });

  test('nobody sees them outside the transaction that took them', async () => {
    await withDatabase(major, async ({ settings }) => {
      await withClient(settings, (client) =>
        withClient(settings, async (other) => {
          await client.query(`BEGIN; ${take}`);
          expect(await isSuperuser(other)).toBe(false);
          await client.query('ROLLBACK');
        }),
      );
    });
  });

  test('two databases of one server can take them at the same time: one waits for the other', async () => {
    await withDatabase(major, (one) =>
      withDatabase(major, async (two) => {
        await withClient(one.settings, (first) =>
          withClient(two.settings, async (second) => {
            await first.query(`BEGIN; ${take}`);
            const waiting = second.query(`BEGIN; ${take} ${giveBack} COMMIT`);
            await first.query(`SELECT pg_sleep(0.2); ${giveBack} COMMIT`);
            await waiting;
            expect(await isSuperuser(second)).toBe(false);
          }),
        );
      }),
    );
  });

  test.each(['anon', 'authenticated', 'service_role', 'supabase_auth_admin'])('%s can not take them', async (role) => {
    await withDatabase(major, async ({ superuser }) => {
      await withClient(superuser, async (client) => {
        await client.query(`GRANT USAGE ON SCHEMA supabase_migrations TO ${role}; SET ROLE ${role}`);
        await expect(client.query(take)).rejects.toThrow('permission denied for function supasnap_platform_rights');
      });
    });
  });

  test('they can be installed in a database that was loaded from elsewhere', async () => {
    await withEmptyDatabase(major, async ({ settings, superuser }) => {
      await withClient(superuser, installPlatformRights);
      await withClient(superuser, installPlatformRights);
      await withClient(settings, async (client) => {
        await client.query(`BEGIN; ${take} CREATE PUBLICATION everything FOR ALL TABLES; ${giveBack} COMMIT`);
        const { rows } = await client.query('SELECT pubowner::regrole::text AS owner FROM pg_publication');
        expect(rows).toEqual([{ owner: 'postgres' }]);
      });
    });
  });
});

const prepare = (client: pg.Client) =>
  client.query(`
    CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE FUNCTION public.watched() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE NOTICE '% seen', tg_tag; END $$`);

const isSuperuser = async (client: pg.Client): Promise<boolean> =>
  (await client.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).rows[0].rolsuper;
