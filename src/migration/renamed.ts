import { type HistoryComparison, type LocalMigration, type HistoryRow, sameText } from './order.ts';
import { wordsOf } from './statements.ts';

/** A file that is applied under another name, which no file here has any more. */
export interface Renamed<T> {
  file: T;
  row: HistoryRow;
}

/** Pairs files with rows of history of the same statements: comments and blanks don't count. `nameOf` gives a file's name as history has it. */
export async function findRenamed<T extends LocalMigration>(
  { late, pending, missing, applied, edited }: HistoryComparison<T>,
  history: HistoryRow[],
  nameOf: (file: T) => string,
): Promise<Renamed<T>[]> {
  const inPlace = applied.flatMap((file) => {
    const row = history.find(({ version }) => version === file.version)!;
    const same = row.name === null || row.name === nameOf(file) || edited.some(({ version }) => version === file.version);
    return same ? [] : [{ file, row }];
  });
  const left = [...missing];
  const moved: Renamed<T>[] = [];
  for (const file of left.length > 0 ? [...late, ...pending] : []) {
    for (const row of left) {
      if (!(await sameStatements(row.statements ?? [], file.statements))) continue;
      left.splice(left.indexOf(row), 1);
      moved.push({ file, row });
      break;
    }
  }
  return [...inPlace, ...moved];
}

/** Whether both say the same, but for comments and blanks. What says nothing is like nothing. */
export async function sameStatements(one: string[], other: string[]): Promise<boolean> {
  if (one.length === 0 || other.length === 0) return false;
  if (sameText(one, other)) return true;
  const words = await wordsOf(one.join('\n;\n'));
  return words !== undefined && words !== '' && words === (await wordsOf(other.join('\n;\n')));
}
