import type { SeedForeignKey, SeedTable } from './seed-catalog.ts';

/** Tables in the order in which they can be filled. A foreign key in `later` closes a circle: its values are set when all rows are there. */
export interface SeedOrder {
  tables: SeedTable[];
  later: Set<SeedForeignKey>;
}

/** Parents first. A circle is opened at the table where that leaves the fewest columns without a value that must have one. */
export function seedOrder(tables: SeedTable[]): SeedOrder {
  const waiting = new Map(tables.map((table) => [table.number, new Set(parentsOf(table))]));
  const children = new Map<number, SeedTable[]>();
  for (const table of tables)
    for (const parent of waiting.get(table.number)!) children.set(parent, [...(children.get(parent) ?? []), table]);
  const byNumber = new Map(tables.map((table) => [table.number, table]));
  const left = new Set(tables.map(({ number }) => number));
  for (const parents of waiting.values()) for (const parent of parents) if (!left.has(parent)) parents.delete(parent);
  const order: SeedOrder = { tables: [], later: new Set() };
  let ready = tables.filter(({ number }) => waiting.get(number)!.size === 0);
  while (left.size > 0) {
    const table =
      ready.shift() ??
      leastStuck(
        [...left].map((number) => byNumber.get(number)!),
        waiting,
      );
    if (!left.delete(table.number)) continue;
    for (const key of table.foreignKeys) if (key.parent !== table.number && left.has(key.parent)) order.later.add(key);
    order.tables.push(table);
    const freed = (children.get(table.number) ?? []).filter((child) => {
      const parents = waiting.get(child.number)!;
      parents.delete(table.number);
      return parents.size === 0 && left.has(child.number);
    });
    ready = [...ready, ...freed];
  }
  return order;
}

const parentsOf = (table: SeedTable): number[] => table.foreignKeys.map(({ parent }) => parent).filter((parent) => parent !== table.number);

function leastStuck(tables: SeedTable[], waiting: Map<number, Set<number>>): SeedTable {
  const cost = (table: SeedTable) =>
    table.foreignKeys
      .filter(({ parent }) => waiting.get(table.number)!.has(parent))
      .reduce((sum, key) => sum + (canBeNull(table, key) ? 1 : 1000), 0);
  return tables.reduce((best, table) => (cost(table) < cost(best) ? table : best));
}

/** Whether a row may refer to nothing. */
export const canBeNull = (table: SeedTable, { columns, full }: SeedForeignKey): boolean => {
  const nullable = columns.map((name) => table.columns.find((column) => column.name === name)?.nullable ?? false);
  return full ? nullable.every(Boolean) : nullable.some(Boolean);
};
