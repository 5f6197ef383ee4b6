import type pg from 'pg';
import { becomeReplica } from '../kept/quiet.ts';
import { quoteText } from '../sql-names.ts';
import { rightsStatement } from '../target/embedded/platform/rights.ts';
import { attemptOrNot } from './seed-attempt.ts';
import { readSeedCatalog, type SeedCatalog } from './seed-catalog.ts';
import { closeCircles, removeOrphans } from './seed-circles.ts';
import { fillTable, reachOf } from './seed-fill.ts';
import { seedOrder } from './seed-order.ts';
import type { Seeding } from './seed-rows.ts';
import { readSamples } from './seed-samples.ts';

export interface Seeded {
  /** Rows by "schema"."table"; those of a partitioned table are told of its root. */
  rows: Record<string, number>;
  /** Tables without rows, with the reason in words. */
  unseeded: { table: string; reason: string }[];
}

/**
 * Puts up to `perTable` made-up rows into each user table of a database that holds none, the same rows for the same schema.
 * Constraints hold afterwards; a table that takes no row is named with the reason. Triggers stay quiet where the role may ask
 * for that; where it may not, deferred constraints of the transaction become immediate. Runs in the open transaction, or in one
 * of its own. Throws only when the connection fails or the run is cancelled.
 */
export async function seedShadow(client: pg.Client, perTable = 3): Promise<Seeded> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<{ role: string }>("select current_setting('session_replication_role') as role");
    const quiet = await becomeReplica(client);
    if (!quiet) await client.query('set constraints all immediate');
    const seeded = await seed(client, perTable, quiet);
    if (quiet)
      await client.query(`${rightsStatement(true)}; set local session_replication_role = ${rows[0]!.role}; ${rightsStatement(false)}`);
    return seeded;
  });
}

async function seed(client: pg.Client, perTable: number, quiet: boolean): Promise<Seeded> {
  const catalog = await readSeedCatalog(client);
  const samples = await readSamples(client, catalog.types);
  const seeding: Seeding = {
    catalog,
    types: catalog.types,
    samples,
    perTable,
    order: seedOrder(catalog.tables),
    rows: new Map(),
    linked: linkedColumns(catalog),
  };
  const reasons = new Map<number, string>();
  for (const table of seeding.order.tables) {
    const reason = await fillTable(client, seeding, table);
    if (reason !== undefined) reasons.set(table.number, reason);
  }
  await closeCircles(client, seeding);
  if (quiet) await removeOrphans(client, seeding);
  await moveSequences(client, seeding);
  const seeded: Seeded = { rows: {}, unseeded: [] };
  for (const table of catalog.tables) {
    const count = seeding.rows.get(table.number)?.length ?? 0;
    if (count > 0) seeded.rows[reachOf(table)] = count;
    else
      seeded.unseeded.push({
        table: reachOf(table),
        reason: reasons.get(table.number) ?? 'its rows would refer to rows that are not there',
      });
  }
  return seeded;
}

/** Columns that foreign keys refer to or from: what the server makes of their values is to be known. */
function linkedColumns({ tables }: SeedCatalog): Map<number, string[]> {
  const linked = new Map(tables.map(({ number }) => [number, new Set<string>()]));
  for (const { number, foreignKeys } of tables) {
    for (const { columns, parent, parentColumns } of foreignKeys) {
      for (const name of columns) linked.get(number)!.add(name);
      for (const name of parentColumns) linked.get(parent)?.add(name);
    }
  }
  return new Map([...linked].map(([number, names]) => [number, [...names]]));
}

/** Past the values that rows have now: the next row must not meet one of them. */
async function moveSequences(client: pg.Client, { catalog, rows }: Seeding): Promise<void> {
  const last = new Map<string, { value: bigint; rising: boolean }>();
  for (const table of catalog.tables) {
    for (const { name, sequence } of table.columns) {
      const rising = !sequence?.increment.startsWith('-');
      for (const { values } of sequence ? (rows.get(table.number) ?? []) : []) {
        const text = values.get(name);
        if (typeof text !== 'string' || !/^-?\d+$/.test(text)) continue;
        const known = last.get(sequence!.reach)?.value;
        const value = BigInt(text);
        if (known === undefined || (rising ? value > known : value < known)) last.set(sequence!.reach, { value, rising });
      }
    }
  }
  const moves = [...last].map(
    ([reach, { value, rising }]) =>
      `select setval(${quoteText(reach)}::regclass, ${rising ? 'greatest' : 'least'}(last_value, ${value})) from ${reach}`,
  );
  for (let first = 0; first < moves.length; first += 200) await attemptOrNot(client, moves.slice(first, first + 200).join(' union all '));
}

/** In a savepoint of the open transaction, or in a transaction of its own. */
async function inTransaction<T>(client: pg.Client, use: () => Promise<T>): Promise<T> {
  const open = await client.query('savepoint supasnap_seed').then(
    () => true,
    (error: { code?: string }) => {
      if (error.code !== '25P01') throw error;
      return false;
    },
  );
  if (!open) await client.query('begin');
  try {
    const result = await use();
    await client.query(open ? 'release savepoint supasnap_seed' : 'commit');
    return result;
  } catch (error) {
    await client.query(open ? 'rollback to savepoint supasnap_seed' : 'rollback').catch(() => {});
    throw error;
  }
}
