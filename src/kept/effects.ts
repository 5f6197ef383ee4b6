import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import { readShapes, type TableShape } from './shape.ts';

/** What a run does to rows, as seen on a shadow without rows. Tables go by "schema"."name" as before the run. */
export interface Effects {
  dropped: string[];
  /** Columns whose values go (dropped) or change (another type), by table. */
  doomed: Record<string, { column: string; dropped: boolean }[]>;
  /** Tables whose rows the run writes, or may write through a cascade. */
  written: string[];
  /** Tables that it locks against readers too. */
  exclusive: string[];
}

export const noEffects: Effects = { dropped: [], doomed: {}, written: [], exclusive: [] };

export const tableName = (table: Pick<TableShape, 'schema' | 'name'>) => `${quoteName(table.schema)}.${quoteName(table.name)}`;

/** What to compare when the run has been carried out. */
export type EffectsProbe = Map<string, TableShape>;

export const probeEffects = readShapes;

/** Reads, inside the transaction that carried the run out and before its COMMIT, what it did. */
export async function readEffects(client: pg.Client, before: EffectsProbe, mentionsTruncate: boolean): Promise<Effects> {
  const now = await readShapes(client);
  const { rows } = await client.query<{ key: string; mode: string }>(
    `select distinct 'c' || relation::oid as key, mode from pg_locks
     where pid = pg_backend_pid() and locktype = 'relation' and mode in ('RowExclusiveLock', 'AccessExclusiveLock')
       and database = (select oid from pg_database where datname = current_database())`,
  );
  const held = (mode: string) => new Set(rows.filter((row) => row.mode === mode).map((row) => row.key));
  const [writing, exclusive] = [held('RowExclusiveLock'), held('AccessExclusiveLock')];
  const cascades = await readCascades(client);

  const effects: Effects = { dropped: [], doomed: {}, written: [], exclusive: [] };
  const written = new Set<string>();
  for (const [key, table] of before) {
    const name = tableName(table);
    const reached = now.get(key);
    if (exclusive.has(key)) effects.exclusive.push(name);
    if (writing.has(key) || (mentionsTruncate && exclusive.has(key))) written.add(table.root ?? key);
    if (!reached) effects.dropped.push(name);
    else {
      const doomed = doomedColumns(table, reached);
      if (doomed.length > 0) effects.doomed[name] = doomed;
    }
  }
  for (const key of written) for (const child of cascades.get(key) ?? []) written.add(before.get(child)?.root ?? child);
  effects.written = [...written].flatMap((key) => (before.has(key) ? [tableName(before.get(key)!)] : []));
  return effects;
}

function doomedColumns(before: TableShape, now: TableShape): { column: string; dropped: boolean }[] {
  return before.columns.flatMap(({ number, name, type, typeNumber, generated }): { column: string; dropped: boolean }[] => {
    if (generated) return [];
    const reached = now.columns.find((column) => column.number === number);
    if (!reached || reached.generated) return [{ column: name, dropped: true }];
    return reached.type === type && reached.typeNumber === typeNumber ? [] : [{ column: name, dropped: false }];
  });
}

/** Which tables a change of rows in a table can reach through foreign keys. */
async function readCascades(client: pg.Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ parent: string; child: string }>(
    `select 'c' || confrelid::oid as parent, 'c' || conrelid::oid as child from pg_constraint
     where contype = 'f' and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd'))`,
  );
  const cascades = new Map<string, string[]>();
  for (const { parent, child } of rows) cascades.set(parent, [...(cascades.get(parent) ?? []), child]);
  return cascades;
}
