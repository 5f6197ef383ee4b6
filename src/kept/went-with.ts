import type { Facts } from '../snapshot/facts.ts';
import type { KeptItem } from './item.ts';

/**
 * Of the copies of runs that cancel each other: tables, sequences and columns which went with one of them, are not there now, and come back with the goal. Nothing
 * else knows their rows. `copies` are the newest first; of each table the newest counts, and none that is `known` already.
 */
export function wentWith(copies: KeptItem[][], known: KeptItem[], present: Facts, goal: Facts): KeptItem[][] {
  const [now, then] = [placesOf(present), placesOf(goal)];
  const comesBack = (place: string) => then.has(place) && !now.has(place);
  const taken = new Set(known.map(nameOf));
  return copies.flatMap((items) => {
    const found = items.flatMap((item): KeptItem[] => {
      if (taken.has(nameOf(item))) return [];
      if (item.fate !== 'stays') return item.fate !== 'created' && comesBack(nameOf(item)) ? [item] : [];
      const back = item.columns.filter(
        ({ name, doomed, compared }) => doomed && !compared && comesBack(JSON.stringify([item.table.schema, item.table.name, name])),
      );
      return back.length > 0 ? [{ ...item, columns: back, rest: item.columns.filter((column) => !back.includes(column)) }] : [];
    });
    for (const item of found) taken.add(nameOf(item));
    return found.length > 0 ? [found] : [];
  });
}

const nameOf = ({ table }: KeptItem) => JSON.stringify([table.schema, table.name]);

/** Tables, sequences and columns by their names. */
const placesOf = ({ base }: Facts): Set<string> =>
  new Set(
    base
      .facts()
      .flatMap(({ id }) =>
        id.kind === 'table' || id.kind === 'sequence'
          ? [JSON.stringify([id.schema, id.name])]
          : id.kind === 'column'
            ? [JSON.stringify([id.schema, id.table, id.name])]
            : [],
      ),
  );
