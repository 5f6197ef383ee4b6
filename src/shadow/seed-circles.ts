import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import type { SeedForeignKey, SeedTable } from './seed-catalog.ts';
import { literal, reachOf } from './seed-fill.ts';
import { isRefusal } from './seed-refusal.ts';
import { parentsFor, type Seeding, type SeededRow } from './seed-rows.ts';

/** Now that all rows are there: sets the foreign keys that were left open because they close a circle. */
export async function closeCircles(client: pg.Client, seeding: Seeding): Promise<void> {
  for (const table of seeding.order.tables) {
    const open = table.foreignKeys.filter((key) => seeding.order.later.has(key));
    if (open.length === 0) continue;
    for (const [place, row] of (seeding.rows.get(table.number) ?? []).entries()) await close(client, seeding, table, open, row, place);
  }
}

async function close(client: pg.Client, seeding: Seeding, table: SeedTable, open: SeedForeignKey[], row: SeededRow, place: number): Promise<void> {
  const settled = new Set(table.foreignKeys.filter((key) => !seeding.order.later.has(key)).flatMap(({ columns }) => columns));
  const changed = new Map<string, string>();
  for (const key of open) {
    const known = new Map([...row.values].filter(([name]) => settled.has(name)).concat([...changed]));
    if (key.columns.some((name) => known.get(name) === null)) continue;
    const parents = parentsFor(seeding, table, key, known);
    const parent = parents[place % parents.length];
    if (parent) key.columns.forEach((name, at) => changed.set(name, parent.get(key.parentColumns[at]!)!));
  }
  if (changed.size === 0) return;
  const sets = [...changed].map(([name, value]) => `${quoteName(name)} = ${literal(value)}`).join(', ');
  try {
    const sql = `update ${reachOf(table)} set ${sets} where ${placeOf(row)} returning tableoid::bigint::text as holder, ctid::text`;
    const results = (await client.query(`savepoint supasnap_circle; ${sql}; release savepoint supasnap_circle`)) as unknown as pg.QueryResult<{ holder: string; ctid: string }>[];
    const moved = results[1]!.rows[0];
    if (!moved) return;
    row.holder = Number(moved.holder);
    row.ctid = moved.ctid;
    for (const [name, value] of changed) row.values.set(name, value);
  } catch (error) {
    await client.query('rollback to savepoint supasnap_circle');
    if (!isRefusal(error)) throw error;
  }
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
          await client.query(`delete from ${reachOf(table)} where ${placeOf(row)}`);
          ours.splice(ours.indexOf(row), 1);
          found = true;
        }
      }
    }
  }
}

const refersOutside = ({ values }: SeededRow, key: SeedForeignKey, parents: SeededRow[]): boolean =>
  key.columns.every((name) => values.get(name) !== null) &&
  !parents.some((parent) => (!key.partition || parent.holder === key.partition) && key.columns.every((name, at) => values.get(name) === parent.values.get(key.parentColumns[at]!)));

const placeOf = ({ holder, ctid }: SeededRow) => `tableoid = ${holder} and ctid = '${ctid}'`;

async function orphansOf(client: pg.Client, table: SeedTable, key: SeedForeignKey, parent: SeedTable, rows: SeededRow[]): Promise<SeededRow[]> {
  const given = key.columns.map((name) => `c.${quoteName(name)} is not null`).join(' and ');
  const only = (each: SeedTable) => (each.partitioned ? '' : 'only ');
  const same = key.columns.map((name, at) => `p.${quoteName(key.parentColumns[at]!)} ${key.operators[at]} c.${quoteName(name)}`).join(' and ');
  const inPartition = key.partition ? ` and p.tableoid = ${key.partition}` : '';
  const { rows: orphans } = await client.query<{ place: string }>(
    `select c.tableoid::bigint || c.ctid::text as place from ${only(table)}${reachOf(table)} c
     where ${given} and not exists (select from ${only(parent)}${reachOf(parent)} p where ${same}${inPartition})`,
  );
  const places = new Set(orphans.map(({ place }) => place));
  return rows.filter(({ holder, ctid }) => places.has(`${holder}${ctid}`));
}
