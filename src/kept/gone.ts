import { keyName, type KeptItem } from './item.ts';
import { keptDigest } from './without-key.ts';

/**
 * Rows that the `undone` run had inserted and that users deleted since are noted in `copy`, so that going forward again leaves them deleted; undefined
 * where they can't be told. `copy` and `made` are where the copies of both runs are, as SQL.
 */
export function goneStatement(
  item: Pick<KeptItem, 'fate' | 'rowKey' | 'columns'>,
  undone: Pick<KeptItem, 'fate' | 'rowKey'>,
  copy: string,
  made: string,
): string | undefined {
  if (item.rowKey.length === 0) {
    if (item.fate !== 'dropped' || undone.fate !== 'created' || undone.rowKey.length > 0) return undefined;
    return `insert into ${copy} (mark, digest) select 'g', digest from (
    select o.digest from ${made} o where o.mark = 'i' except all select ${keptDigest(item)} from ${copy} k where k.mark = 'd') as gone`;
  }
  if (undone.rowKey.length !== item.rowKey.length || undone.rowKey.some(({ name }, at) => name !== item.rowKey[at]!.name)) return undefined;
  const pairs = item.rowKey.map((column, at) => ({
    own: keyName(column),
    theirs: `o.${keyName(undone.rowKey[at]!)}`,
    type: column.builtIn ? column.type : 'text',
  }));
  return `insert into ${copy} (mark, ${pairs.map(({ own }) => own).join(', ')})
    select 'g', ${pairs.map(({ theirs, type }) => `${theirs}::text::${type}`).join(', ')} from ${made} o
    where o.mark = 'i' and not exists (select from ${copy} k where ${pairs.map(({ own, theirs }) => `k.${own}::text = ${theirs}::text`).join(' and ')})`;
}
