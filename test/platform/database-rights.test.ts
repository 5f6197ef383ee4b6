import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import { rollback } from '../../src/commands/rollback.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { quietContext } from '../corpus-case.ts';
import { quoteName, withClient } from '../../src/target/connection.ts';
import { mostly, ownServers, withEmptyDatabase } from '../postgres/database.ts';
import { withProject } from '../project.ts';

ownServers();

const next = '20260102000000_v0_2_0_rights.sql';
const roles = ['anon', 'authenticated', 'authenticator', 'service_role', 'supabase_auth_admin', 'dashboard_user'];

const rightsOn = (site: Site) =>
  site.sql(`select r.name, has_database_privilege(r.name, current_database(), 'connect') as connect, has_database_privilege(r.name, current_database(), 'temporary') as temporary
    from unnest(array['${roles.join("', '")}']) as r (name) order by 1`);

describe.each(mostly(17))('rights on the database itself, PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { bare: true, ownShadow: true });

  test.each([
    ['granted to a role', 'grant connect, create on database NAME to authenticated', 'create'],
    ['taken from everyone', 'revoke temporary on database NAME from public', 'temporary'],
  ])('%s by a migration are as before once it is rolled back: everyone may connect, as nobody had said otherwise', (_, statement, right) =>
    withBase({}, async (site) => {
      site.project.write(`supabase/migrations/${next}`, `${statement.replace('NAME', site.database.database)};\n`);
      const before = await rightsOn(site);
      expect(before.every(({ connect, temporary }) => connect && temporary)).toBe(true);
      const holds = async () =>
        (await site.sql<{ holds: boolean }>(`select has_database_privilege('authenticated', current_database(), '${right}') as holds`))[0]!
          .holds;
      const held = await holds();
      expectCode(await site.migrate(), 0);
      expect(await holds()).toBe(!held);
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await rightsOn(site)).toEqual(before);
      expect(await holds()).toBe(held);
    }),
  );
});

test('a login that is not postgres, on a plain database of its own, migrates and goes back, proven', () =>
  withEmptyDatabase(17, async ({ name, settings, superuser }) => {
    const owner = `${name}_owner`;
    await withClient(superuser, (client) =>
      client.query(`create role ${owner} login createrole password 'of-the-owner'; alter database ${quoteName(name)} owner to ${owner}`),
    );
    try {
      await withProject(
        { 'supabase/migrations/20260101000000_v0_1_0_notes.sql': 'create table public.notes (id int primary key);\n' },
        async (project) => {
          const context = quietContext(project.folder, { ...settings, user: owner, password: 'of-the-owner' }, 'bundled');
          const { applied } = await migrate(context);
          expect(applied.map(({ proven }) => proven)).toEqual([true]);
          await rollback(context, { steps: 1 });
          const { rows } = await withClient(settings, (client) => client.query("select to_regclass('public.notes') as notes"));
          expect(rows).toEqual([{ notes: null }]);
        },
      );
    } finally {
      await withClient(superuser, (client) =>
        client.query(`alter database ${quoteName(name)} owner to postgres; drop owned by ${owner} cascade; drop role ${owner}`),
      ).catch(() => {});
    }
  }));
