import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { catalogDifferences, readCatalog } from './catalog.ts';
import { objects, type PlatformObject } from './objects.ts';

/** To find out which of them fails: SUPASNAP_OBJECT="event triggers" takes those alone whose name holds it. */
const wanted = objects.filter(({ name }) => name.includes(process.env.SUPASNAP_OBJECT ?? ''));

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { ownShadow: true });

  test(`made, changed and dropped by migrations, each goes back as it was and forward again: ${wanted.map(({ name }) => name).join('; ')}`, () =>
    withBase({}, (site) => thereAndBack(site, wanted)));
});

/** What can't come back is named before anything is touched. */
const named: Record<string, string[]> = {
  v0_3_0_change: ['When it is rolled back: The user mapping of postgres on server elsewhere keeps the password that this sets'],
  v0_4_0_drop: [
    'Set it again: ALTER USER MAPPING FOR "postgres" SERVER "elsewhere" OPTIONS (SET password \'…\');',
    'Role app_writer comes back without its password',
  ],
};

async function thereAndBack(site: Site, all: PlatformObject[]): Promise<void> {
  const catalog = () => readCatalog({ ...site.server.superuser, database: site.database.database });
  const steps = [
    { version: '20260102000000', name: 'v0_2_0_create', sql: all.map(({ create }) => create) },
    { version: '20260103000000', name: 'v0_3_0_change', sql: all.map(({ change }) => change) },
    { version: '20260104000000', name: 'v0_4_0_drop', sql: all.map(({ drop }) => drop) },
  ];
  let before = await catalog();
  for (const { version, name, sql } of steps) {
    site.project.write(
      `supabase/migrations/${version}_${name}.sql`,
      sql.join('\n').replaceAll('database postgres', `database ${site.database.database}`),
    );
    const { told } = expectCode(await site.migrate(), 0);
    for (const line of named[name] ?? []) if (all.length === objects.length) expect(told).toContain(line);
    const after = await catalog();
    expect(catalogDifferences(before, after).length, `${name} changes the catalog`).toBeGreaterThan(all.length);
    expectCode(await site.rollback({ steps: 1 }), 0);
    expect(catalogDifferences(before, await catalog()), `${name} rolled back`).toEqual([]);
    expectCode(await site.migrate(), 0);
    expect(catalogDifferences(after, await catalog()), `${name} forward again`).toEqual([]);
    before = after;
  }
}
