import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { attemptOrNot } from './seed-attempt.ts';
import type { SeedForeignKey, SeedTable } from './seed-catalog.ts';
import { literal, reachOf } from './seed-fill.ts';
import { parentsFor, type Seeding, type SeededRow } from './seed-rows.ts';

/** Now that all rows are there: sets the foreign keys that were left open because they close a circle. */
export async function closeCircles(client: pg.Client, seeding: Seeding): Promise<void> {
  for (const table of seeding.order.tables) {
    const open = table.foreignKeys.filter((key) => seeding.order.later.has(key));
    if (open.length === 0) continue;
    for (const [place, row] of (seeding.rows.get(table.number) ?? []).entries()) await close(client, seeding, table, open, row, place);
  }
}

async function close(
  client: pg.Client,
  seeding: Seeding,
  table: SeedTable,
  open: SeedForeignKey[],
  row: SeededRow,
  place: number,
): Promise<void> {
  const settled = new Set(table.foreignKeys.filter((key) => !seeding.order.later.has(key)).flatMap(({ columns }) => columns));
  const changed = new Map<string, string>();
  for (const key of open) {
    const known = new Map([...row.values].filter(([name]) => settled.has(name)).concat([...changed]));
    if (key.columns.some((name) => known.get(name) === null)) continue;
    const parents = parentsFor(seeding, table, key, known);
    const parent = parents[place % parents.length];
    if (parent) for (const [at, name] of key.columns.entries()) changed.set(name, parent.get(key.parentColumns[at]!)!);
  }
  if (changed.size === 0) return;
  const sets = [...changed].map(([name, value]) => `${quoteName(name)} = ${literal(value)}`).join(', ');
  const moved = await attemptOrNot(client, `update ${reachOf(table)} set ${sets} where ${placeOf(row)} returning tableoid::bigint, ctid`);
  if (!moved?.[0]) return;
  row.holder = Number(moved[0][0]);
  row.ctid = moved[0][1]!;
  for (const [name, value] of changed) row.values.set(name, value);
}

/**
 * Foreign keys are not enforced while triggers are quiet. Removes rows of ours that refer to nothing, and then what referred
 * to those. The server is asked only about rows whose values are not, letter by letter, those of a row that we know.
 */
export async function removeOrphans(client: pg.Client, { catalog, rows }: Seeding): Promise<void> {
  const byNumber = new Map(catalog.tables.map((table) => [table.number, table]));
  for (let found = true; found; ) {
    found = false;
    for (const table of catalog.tables) {
      for (const key of table.foreignKeys) {
        const [ours, parent] = [rows.get(table.number) ?? [], byNumber.get(key.parent)];
        const doubtful = ours.filter((row) => refersOutside(row, key, rows.get(key.parent) ?? []));
        if (!parent || (doubtful.length === 0 && !catalog.loudTriggers)) continue;
        for (const row of await orphansOf(client, table, key, parent, catalog.loudTriggers ? ours : doubtful)) {
          if (!(await attemptOrNot(client, `delete from ${reachOf(table)} where ${placeOf(row)}`))) continue;
          ours.splice(ours.indexOf(row), 1);
          found = true;
        }
      }
    }
  }
}

const refersOutside = ({ values }: SeededRow, key: SeedForeignKey, parents: SeededRow[]): boolean =>
  key.columns.every((name) => values.get(name) !== null) &&
  !parents.some(
    (parent) =>
      (!key.partition || parent.holder === key.partition) &&
      key.columns.every((name, at) => values.get(name) === parent.values.get(key.parentColumns[at]!)),
  );

const placeOf = ({ holder, ctid }: SeededRow) => `tableoid = ${holder} and ctid = '${ctid}'`;

/** Those of the rows that refer to nothing; all of them where the server does not say. */
async function orphansOf(
  client: pg.Client,
  table: SeedTable,
  key: SeedForeignKey,
  parent: SeedTable,
  rows: SeededRow[],
): Promise<SeededRow[]> {
  const given = key.columns.map((name) => `c.${quoteName(name)} is not null`).join(' and ');
  const only = (each: SeedTable) => (each.partitioned ? '' : 'only ');
  const same = key.columns
    .map((name, at) => `p.${quoteName(key.parentColumns[at]!)} ${key.operators[at]} c.${quoteName(name)}`)
    .join(' and ');
  const inPartition = key.partition ? ` and p.tableoid = ${key.partition}` : '';
  const orphans = await attemptOrNot(
    client,
    `select c.tableoid::bigint || c.ctid::text from ${only(table)}${reachOf(table)} c
     where ${given} and not exists (select from ${only(parent)}${reachOf(parent)} p where ${same}${inPartition})`,
  );
  if (!orphans) return rows;
  const places = new Set(orphans.map(([place]) => place));
  return rows.filter(({ holder, ctid }) => places.has(`${holder}${ctid}`));
}
