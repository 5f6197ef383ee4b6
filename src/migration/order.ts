import { compareVersions } from './file-name.ts';

/** One row of the history table. */
export interface HistoryRow {
  version: string;
  name: string | null;
  statements: string[] | null;
}

/** What a local file has to tell for the comparison; `statements` as `historyStatements` gives them. */
export interface LocalMigration {
  version: string;
  statements: string[];
}

/** An applied file whose statements are no longer those recorded; `index` counts from 0. */
export interface Edited {
  version: string;
  firstDifference: { index: number; recorded?: string; local?: string };
}

/** Files against history; each list in the CLI's order. */
export interface HistoryComparison<T extends LocalMigration> {
  applied: T[];
  /** Not applied, newer than everything applied. */
  pending: T[];
  /** Not applied, older than the newest that is: the CLI asks for --include-all. */
  late: T[];
  /** In history without a file. */
  missing: HistoryRow[];
  edited: Edited[];
  /** Applied, but history holds no statements to compare with. */
  unknown: T[];
}

/** Compares the files with what the history table says was applied. */
export function compareHistory<T extends LocalMigration>(local: T[], history: HistoryRow[]): HistoryComparison<T> {
  const files = [...local].sort((a, b) => compareVersions(a.version, b.version));
  const rows = new Map(history.map((row) => [row.version, row]));
  const known = new Set(files.map((file) => file.version));
  const newest = history.reduce((last, row) => (compareVersions(row.version, last) > 0 ? row.version : last), '');
  const result: HistoryComparison<T> = { applied: [], pending: [], late: [], missing: [], edited: [], unknown: [] };

  for (const file of files) {
    const row = rows.get(file.version);
    if (!row) {
      (compareVersions(file.version, newest) < 0 ? result.late : result.pending).push(file);
      continue;
    }
    result.applied.push(file);
    if (!row.statements?.length) {
      if (file.statements.length > 0) result.unknown.push(file);
      continue;
    }
    const firstDifference = differenceOf(row.statements, file.statements);
    if (firstDifference) result.edited.push({ version: file.version, firstDifference });
  }
  result.missing = history.filter((row) => !known.has(row.version)).sort((a, b) => compareVersions(a.version, b.version));
  return result;
}

function differenceOf(recorded: string[], local: string[]): Edited['firstDifference'] | undefined {
  const length = Math.max(recorded.length, local.length);
  let index = 0;
  while (index < length && recorded[index] === local[index]) index++;
  if (index === length || sameText(recorded, local)) return undefined;
  return { index, recorded: recorded[index], local: local[index] };
}

/** Cut at other semicolons (an older CLI, `migration fetch`) around the rows of COPY, or checked out with other line ends: that is no edit. */
export const sameText = (recorded: string[], local: string[]) => joined(recorded) === joined(local);
const joined = (statements: string[]) =>
  `${statements.join(';')};`
    .replace(/\r\n/g, '\n')
    .replace(/\n\\\.\s*;?/g, '\n\\.;')
    .replace(/\s*;[\s;]*/g, ';');
