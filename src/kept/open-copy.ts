import { quoteText } from '../sql-names.ts';
import { isTold } from './copies-plan.ts';
import { copyNames, keyName, type KeptColumn, type KeptItem } from './item.ts';

/** Which of the copies found where a rollback file runs (`i`) is that of a table. */
export const entryOf = (table: { schema: string; name: string }) =>
  `i.item->'table'->>'schema' = ${quoteText(table.schema)} and i.item->'table'->>'name' = ${quoteText(table.name)}`;

/** What a column of the copy is made of: columns of the kept table, by name, for their numbers are this database's own. */
interface Part {
  as: string;
  type: string;
  /** It is an array of those columns, as text. */
  packed: boolean;
  /** Where the copy's entry names them, and the letter that stands before their number; one for each element of an array. */
  of: { list: 'rowKey' | 'columns' | 'alike'; letter: 'k' | 'c' | 'n'; names: (string | null)[] };
}

/** The columns of a copy that the following statements know. */
function partsOf({ rowKey, alike, columns }: KeptItem): Part[] {
  const type = (column: KeptColumn) => (column.builtIn && !column.inParts ? column.type : 'text');
  const values = (letter: 'c' | 'n', list: KeptColumn[]): Part[] => {
    if (!list.some(({ packed }) => packed))
      return list.map((column) => ({
        as: copyNames(letter, [column])[0]!,
        type: type(column),
        packed: false,
        of: { list: 'columns', letter, names: [column.name] },
      }));
    const names = Array.from(
      { length: Math.max(...list.map(({ number }) => number)) },
      (_, index) => list.find(({ number }) => number === index + 1)?.name ?? null,
    );
    return [{ as: letter, type: 'text[]', packed: true, of: { list: 'columns', letter, names } }];
  };
  return [
    ...rowKey.map(
      (column): Part => ({
        as: keyName(column),
        type: type(column),
        packed: false,
        of: { list: 'rowKey', letter: 'k', names: [column.name] },
      }),
    ),
    ...(alike ?? []).map(
      (column): Part => ({ as: keyName(column), type: 'text', packed: false, of: { list: 'alike', letter: 'k', names: [column.name] } }),
    ),
    ...values('c', columns),
    ...values(
      'n',
      columns.filter(({ compared }) => compared),
    ),
  ];
}

/** The copy under a name that the following statements know; an empty table where this database kept nothing of it. */
export function openCopy(item: KeptItem): string[] {
  const { relation, table, rowKey, fate } = item;
  if (fate === 'sequence') return [];
  const parts = partsOf(item);
  const digest = isTold({ fate, rowKey }) ? [] : ['digest'];
  const layout = ['mark text', ...digest.map((name) => `${name} text`), ...parts.map(({ as, type }) => `${as} ${type}`)];
  return [
    `do $copy$
declare
  copy text;
  entry jsonb;
  columns text;
begin
  select i.relation, i.item into copy, entry from pg_temp.supasnap_items i where ${entryOf(table)} and i.item->>'fate' = ${quoteText(fate)} limit 1;
  if copy is null then
    create temp table ${relation} (${layout.join(', ')}) on commit drop;
    return;
  end if;
  select string_agg(format(case when (part->>'packed')::boolean then 'array[%s]::text[] as %s' else '%s as %s' end, made.list, part->>'as'), ', ' order by place) into columns
  from jsonb_array_elements(${quoteText(JSON.stringify(parts))}::jsonb) with ordinality as u (part, place), lateral (
    select string_agg(coalesce(case when kept.packed then format('%s[%s]', part#>>'{of,letter}', kept.number) else format('%s%s', part#>>'{of,letter}', kept.number) end
      || case when (part->>'packed')::boolean then '::text' else '' end, format('null::%s', case when (part->>'packed')::boolean then 'text' else part->>'type' end)), ', ' order by at) as list
    from jsonb_array_elements_text(part#>'{of,names}') with ordinality as n (name, at) left join lateral (
      select c->>'number' as number, coalesce((c->>'packed')::boolean, false) as packed from jsonb_array_elements(entry->(part#>>'{of,list}')) as c
      where c->>'name' = n.name and (part#>>'{of,letter}' <> 'n' or (c->>'compared')::boolean) limit 1) as kept on true) as made;
  execute format('create temp view ${relation} as select %s from supabase_migrations.%I', concat_ws(', ', 'mark'${digest.map((name) => `, '${name}'`).join('')}, columns), copy);
end $copy$`,
  ];
}
