import { describe, expect, test } from 'vitest';
import { mostly } from '../postgres/database.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { catalogDifferences, readCatalog } from './catalog.ts';
import { objects, type PlatformObject } from './objects.ts';

const file = (number: number, what: string) => `2026010${number}000000_v0_${number}_0_${what}.sql`;

describe.each(mostly(17))('on PostgreSQL %i', (major) => {
  const { withBase } = sites(major, { ownShadow: true });

  test.each(process.env.GROUP ? objects.filter(({ name }) => name.includes(process.env.GROUP!)) : objects)('$name', (object) => withBase({}, (site) => thereAndBack(site, [object])));
});

async function thereAndBack(site: Site, all: PlatformObject[]): Promise<void> {
  const catalog = () => readCatalog({ ...site.server.superuser, database: site.database.database });
  const steps = [
    { file: file(2, 'create'), sql: all.map(({ create }) => create) },
    { file: file(3, 'change'), sql: all.map(({ change }) => change) },
    { file: file(4, 'drop'), sql: all.map(({ drop }) => drop).reverse() },
  ];
  const origin = await catalog();
  for (const { file, sql } of steps) {
    const before = await catalog();
    site.project.write(`supabase/migrations/${file}`, sql.join('\n').replaceAll('database postgres', `database ${site.database.database}`));
    const {told} = expectCode(await site.migrate(), 0);
    const after = await catalog();
    expect(catalogDifferences(before, after), 'the migration changes something').not.toEqual([]);
    expectCode(await site.rollback({ steps: 1 }), 0);
    expect.soft(catalogDifferences(before, await catalog()), `${file} rolled back\n${told}`).toEqual([]);
    expectCode(await site.migrate(), 0);
    expect.soft(catalogDifferences(after, await catalog()), `${file} forward again`).toEqual([]);
  }
  void origin;
}
