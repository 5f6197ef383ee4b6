import type pg from 'pg';
import { failed } from '../errors.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import type { KeptCopy } from './copies.ts';
import { csvLine } from './csv.ts';
import { after, before, copyNames, keyName, type KeptColumn, type KeptItem } from './item.ts';

/** A column of the file: its header, and the SQL of its values. */
interface CsvColumn {
  header: string;
  value: string;
}

/** About as much of a copy as is in memory at once. */
const chunkBytes = 8_000_000;
const mostRows = 5000;

/** A copy as CSV, some lines at a time, read through a cursor of the open transaction; `wrote` hears how many rows each time. */
export async function* csvOf(
  client: pg.Client,
  { relation, rows, bytes }: KeptCopy,
  wrote: (rows: number) => void,
): AsyncGenerator<string> {
  const columns = await readColumns(client, relation);
  yield csvLine(columns.map(({ header }) => header));
  await client.query(
    `declare supasnap_export no scroll cursor for select ${columns.map(({ value }) => value).join(', ')} from supabase_migrations.${quoteName(relation)}`,
  );
  const chunk = Math.max(1, Math.min(mostRows, Math.floor((chunkBytes * rows) / Math.max(bytes, 1))));
  for (;;) {
    const fetched = await client.query<(string | null)[]>({
      text: `fetch ${chunk} from supasnap_export`,
      rowMode: 'array',
      types: asPrinted,
    });
    if (fetched.rows.length === 0) return;
    wrote(fetched.rows.length);
    yield fetched.rows.map(csvLine).join('');
  }
}

/** Values as the server prints them: the driver would read dates and numbers, and lose some of them. */
const asPrinted = { getTypeParser: () => (text: string) => text };

async function readColumns(client: pg.Client, relation: string): Promise<CsvColumn[]> {
  const { rows } = await client.query<{ item: KeptItem; columns: [name: string, type: number][] | null }>(
    `select k.item, (select jsonb_agg(jsonb_build_array(a.attname, a.atttypid::bigint) order by a.attnum) from pg_attribute a
                     where a.attrelid = to_regclass(format('supabase_migrations.%I', k.relation)) and a.attnum > 0 and not a.attisdropped) as columns
     from supabase_migrations.supasnap_kept k where k.relation = $1`,
    [relation],
  );
  const { item, columns } = rows[0] ?? {};
  if (!item || !columns)
    throw failed('copy_missing', `There is no table supabase_migrations.${relation}.`, {
      detail: ['It was removed by other means.'],
      state: 'Nothing was written.',
      next: 'What there is: npx supasnap kept list',
    });
  return csvColumns(item, columns);
}

/**
 * Columns of the file: the mark in words, the key, values before, values after, and what else the copy holds.
 * `stored` are the copy's own columns with their types.
 */
function csvColumns(item: KeptItem, stored: [name: string, type: number][]): CsvColumn[] {
  const types = new Map(stored);
  const named: (CsvColumn & { stored: string })[] = [];
  const add = (name: string, header: string, value = quoteName(name)) => {
    if (types.has(name)) named.push({ stored: name, header, value });
  };
  const addValue = (at: 'c' | 'n', column: KeptColumn, header: string, value: string) => add(copyNames(at, [column])[0]!, header, value);
  const isColumn = new Set(item.columns.map(({ number }) => number));
  add('mark', item.columns.some(({ name }) => name === 'mark') ? 'supasnap mark' : 'mark', markInWords);
  for (const column of [...item.rowKey, ...(item.alike ?? [])]) if (!isColumn.has(column.number)) add(keyName(column), column.name);
  for (const column of item.columns) {
    const [value, key] = [before(column), keyName(column)];
    // Of a row that users deleted nothing but the key is known.
    const known = types.has('mark') && types.has(key) && (column.packed || types.get(key) === types.get(value));
    addValue(
      'c',
      column,
      column.name,
      known ? `case when mark = 'g' then ${key}${column.packed ? '::text' : ''} else ${value} end` : value,
    );
  }
  for (const column of item.columns) if (column.compared) addValue('n', column, `${column.name} (after)`, after(column));
  const covered = new Set([
    ...named.map((column) => column.stored),
    ...item.columns.map(keyName),
    ...(item.fate === 'dropped' ? ['digest'] : []),
  ]);
  for (const [name] of stored) if (!covered.has(name)) add(name, name);
  return named;
}

const words = { c: 'changed', d: 'deleted', i: 'inserted', g: 'gone' };
const markInWords = `case mark ${Object.entries(words)
  .map(([mark, word]) => `when ${quoteText(mark)} then ${quoteText(word)}`)
  .join(' ')} else mark end`;
