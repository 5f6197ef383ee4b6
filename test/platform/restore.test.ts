import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites, urlOf, type Site } from '../commands/site.ts';
import { catalogDifferences, readAccess, readCatalog } from './catalog.ts';
import { objects } from './objects.ts';
import { closedByDefault, platformUpdate } from './updates.ts';

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase, withNothing } = sites(major, { ownShadow: true });
  let other: EmbeddedServer;
  beforeAll(async () => {
    other = await startEmbedded({
      major,
      stateFolder: join(tmpdir(), inject('run')),
      name: `restore-${major}-${process.pid}`,
      searchFrom: [process.cwd()],
      settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
    });
  });
  afterAll(() => stopEmbedded(other));

  const superuserOf = (site: Site) => ({ ...site.server.superuser, database: site.database.database });

  test('a snapshot of a database with all of it restores into a fresh project on another server, newer and born with other default privileges, and nothing is missing', () =>
    withBase({}, async (site) => {
      const created = objects
        .map(({ create }) => create)
        .join('\n')
        .replaceAll('database postgres', `database ${site.database.database}`);
      site.project.write('supabase/migrations/20260102000000_v0_2_0_all.sql', created);
      expectCode(await site.migrate(), 0);
      const [wanted, allowed] = [await readCatalog(superuserOf(site)), await readAccess(superuserOf(site))];

      const fresh = { ...(await createPlatformDatabase(other, 'fresh')) };
      const superuser = { ...other.superuser, database: 'fresh' };
      const bare = await readCatalog(superuser);
      await withClient(superuser, (client) => client.query(`${platformUpdate}${closedByDefault}`));
      const updated = await readCatalog(superuser);
      const ofUpdate = catalogDifferences(bare, updated).filter((line) => !line.includes('default privileges of postgres'));
      expect(catalogDifferences(updated, wanted).length, 'much is to be restored').toBeGreaterThan(100);

      const to = 'supabase/snapshots/v0.2.0_20260102000000_after.sql';
      const { told } = expectCode(await site.rollback({ to, target: { remote: urlOf(fresh) } }), 0);
      expect(told).toMatch(/The user mapping of postgres on server elsewhere comes back without its password/);
      expect(told).toMatch(/Role app_writer comes back without its password/);
      const restored = await readCatalog(superuser);
      expect(catalogDifferences(wanted, restored).sort()).toEqual(ofUpdate.sort());
      const more = (await readAccess(superuser)).filter(
        (line) => !allowed.includes(line) && !line.includes('auth.new_things') && !line.includes('storage.search_v9'),
      );
      expect(more, 'no role may do more than before').toEqual([]);
    }));

  test('under default privileges that close public, what a migration dropped comes back with the access that each role had, and no more', () =>
    withNothing({}, async (site) => {
      await site.sql(closedByDefault);
      site.project.write(
        'supabase/migrations/20260101000000_v0_1_0_base.sql',
        `
        create table public.open (id int primary key); grant select on public.open to anon, authenticated;
        create table public.closed (id int primary key);
        create function public.call() returns int language sql as 'select 1';
        create function public.anyone() returns int language sql as 'select 1'; grant execute on function public.anyone to public, anon;
        create sequence public.numbers; grant usage on sequence public.numbers to authenticated;
        create view public.seen as select id from public.open; grant select on public.seen to anon with grant option;`,
      );
      expectCode(await site.migrate(), 0);
      const [catalog, access] = [await readCatalog(superuserOf(site)), await readAccess(superuserOf(site))];
      expect(access).toContain('anon may SELECT public.open');
      expect(access).not.toContain('anon may call public.call()');
      site.project.write(
        'supabase/migrations/20260102000000_v0_2_0_drop.sql',
        `
        drop view public.seen; drop table public.open, public.closed; drop function public.call, public.anyone; drop sequence public.numbers;
        alter default privileges for role postgres in schema public grant all on tables to anon, authenticated;
        alter default privileges for role postgres grant execute on functions to public;
        create table public.wide (id int);`,
      );
      expectCode(await site.migrate(), 0);
      expect(await readAccess(superuserOf(site))).toContain('anon may DELETE public.wide');
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(catalogDifferences(catalog, await readCatalog(superuserOf(site)))).toEqual([]);
      expect(await readAccess(superuserOf(site))).toEqual(access);
    }));
});
