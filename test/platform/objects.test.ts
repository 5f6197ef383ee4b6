import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { catalogDifferences, readCatalog } from './catalog.ts';
import { objects, type PlatformObject } from './objects.ts';

/** To find out which of them fails: SUPASNAP_OBJECT="event triggers" takes those alone whose name holds it. */
const wanted = objects.filter(({ name }) => name.includes(process.env.SUPASNAP_OBJECT ?? ''));

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { ownShadow: true });

  test(`made, changed and dropped by migrations, each goes back as it was and forward again: ${wanted.map(({ name }) => name).join('; ')}`, () => withBase({}, (site) => thereAndBack(site, wanted)));
});

async function thereAndBack(site: Site, all: PlatformObject[]): Promise<void> {
  const catalog = () => readCatalog({ ...site.server.superuser, database: site.database.database });
  const steps = [
    { version: '20260102000000', name: 'v0_2_0_create', sql: all.map(({ create }) => create) },
    { version: '20260103000000', name: 'v0_3_0_change', sql: all.map(({ change }) => change) },
    { version: '20260104000000', name: 'v0_4_0_drop', sql: all.map(({ drop }) => drop) },
  ];
  let before = await catalog();
  for (const { version, name, sql } of steps) {
    site.project.write(`supabase/migrations/${version}_${name}.sql`, sql.join('\n').replaceAll('database postgres', `database ${site.database.database}`));
    expectCode(await site.migrate(), 0);
    const after = await catalog();
    expect(catalogDifferences(before, after).length, `${name} changes the catalog`).toBeGreaterThan(all.length);
    expectCode(await site.rollback({ steps: 1 }), 0);
    expect(catalogDifferences(before, await catalog()), `${name} rolled back`).toEqual([]);
    expectCode(await site.migrate(), 0);
    expect(catalogDifferences(after, await catalog()), `${name} forward again`).toEqual([]);
    before = after;
  }
}
