import type pg from 'pg';
import { exactText, ownText } from './exact-text.ts';
import {
  before,
  findTable,
  keyName,
  live,
  place,
  present,
  presentKey,
  reach,
  same,
  sameRow,
  sameValue,
  type KeptColumn,
  type KeptItem,
} from './item.ts';
import type { Keeping } from './keep.ts';
import type { Marks } from './put-back.ts';
import { readShapes, type ColumnShape, type TableShape } from './shape.ts';
import { still } from './return-statement.ts';

/** A column whose type the run changed, and values that the way to that type and back would not leave as they were. */
export interface ChangedByCast {
  /** schema.table.column */
  column: string;
  count: number;
  examples: string[];
}

/**
 * Values that users wrote and that a cast cut or rounded. Called when the run has been carried out and before its copies are finished;
 * what an earlier run left, and `undoing` gave its old value, is no user's.
 */
export async function changedByCasts(client: pg.Client, keeping: Keeping, undoing: KeptItem[], marks: Marks): Promise<ChangedByCast[]> {
  const converted = keeping.items.filter(({ fate, rowKey, columns }) => fate === 'stays' && rowKey.length > 0 && columns.some(isConverted));
  if (converted.length === 0) return [];
  await client.query(`${exactText}; set local search_path = pg_catalog`);
  const shapes = await readShapes(client);
  const changed: ChangedByCast[] = [];
  for (const item of converted) {
    const table = findTable(shapes, item);
    const keys = table && presentKey(table, item);
    if (!keys) continue;
    for (const column of item.columns.filter(isConverted)) {
      const now = present(table, item, column);
      const then = keeping.shapes.get(item.table.key)?.columns.find(({ number }) => number === column.number);
      // From labels to labels nothing is cut: another name is the plan's renaming, and a label that is not there is an error.
      if (now?.label && then?.label) continue;
      const found = now && (await readChanged(client, { item, table, keys, column, now }, undoing, marks));
      if (found && found.count > 0) changed.push({ column: `${table.schema}.${table.name}.${now.name}`, ...found });
    }
  }
  await client.query(ownText);
  return changed;
}

const isConverted = ({ doomed, compared, inParts }: KeptColumn) => doomed && compared && !inParts;

interface Converted {
  item: KeptItem;
  table: TableShape;
  keys: ColumnShape[];
  column: KeptColumn;
  now: ColumnShape;
}

async function readChanged(
  client: pg.Client,
  { item, table, keys, column, now }: Converted,
  undoing: KeptItem[],
  { tables, columns }: Marks,
): Promise<Omit<ChangedByCast, 'column'>> {
  const [was, is] = [`k.${before(column)}`, live(now)];
  const returned = undoing.flatMap((other) => {
    const then = findTable(tables, other);
    const own = then?.key === item.table.key ? other.columns.find((one) => present(then, other, one)?.number === column.number) : undefined;
    const told = own && columns.get(other.relation)?.has(same(own));
    if (!told || other.rowKey.length !== item.rowKey.length) return [];
    const match = item.rowKey.map((key, at) => `s.${keyName(other.rowKey[at]!)}::text = k.${keyName(key)}::text`).join(' and ');
    return [`not exists (select from ${still(other)} s where ${match} and s.p and s.${same(own!)})`];
  });
  const back = `(${is})::${column.type}`;
  // Not every type can be cast back, and not every one knows what is equal; text always does.
  const ways = column.builtIn ? [`${back} is distinct from ${was}`, `not (${sameValue(back, was)})`] : [];
  for (const differs of [...ways, `not (${sameValue(is, was)})`]) {
    await client.query('savepoint supasnap_cast');
    try {
      const { rows } = await client.query<{ count: number; example: string }>(
        `select (count(*) over ())::int as count, format('%s that becomes %s', (${was})::text, coalesce((${is})::text, 'null')) as example
         from ${place(item.relation)} k join ${reach(table)} t on ${sameRow(item.rowKey, keys)} where ${[`${was} is not null`, `(${differs})`, ...returned].join(' and ')} limit 3`,
      );
      await client.query('release savepoint supasnap_cast');
      return { count: rows[0]?.count ?? 0, examples: rows.map(({ example }) => example) };
    } catch {
      await client.query('rollback to savepoint supasnap_cast; release savepoint supasnap_cast');
    }
  }
  return { count: 0, examples: [] };
}
