import { refused } from '../errors.ts';
import { sameNumber, tidyName, type EarlierMigration, type FoundFile } from './earlier.ts';

const form = /^(\d+)(?:[_-](.*))?\.sql$/s;

/** Files `NNN_name.sql`, each with the down file of the same number. Throws a Problem where a number does not name one file. */
export function readNumbered(files: FoundFile[], downs: FoundFile[]): { migrations: EarlierMigration[]; notes: string[] } {
  const ups = files.filter(({ fileName }) => form.test(fileName)).sort((a, b) => byNumber(numberOf(a), numberOf(b)));
  refuseTwins(ups, 'files');
  const numberedDowns = downs.filter(({ fileName }) => form.test(fileName));
  refuseTwins(numberedDowns, 'down files');
  const downOf = new Map(numberedDowns.map((file) => [sameNumber(numberOf(file)), file]));
  const migrations = ups.map((file): EarlierMigration => {
    const [, number = '', words = ''] = form.exec(file.fileName)!;
    const down = downOf.get(sameNumber(number));
    downOf.delete(sameNumber(number));
    return {
      label: file.label,
      fileName: file.fileName,
      number,
      name: tidyName(words),
      bytes: file.bytes,
      up: file.bytes,
      ...(down ? { down: { label: down.label, text: down.text } } : {}),
    };
  });
  const notes = [
    ...[...files, ...downs].filter(({ fileName }) => !form.test(fileName)).map(({ label }) => `Has no number, left alone: ${label}`),
    ...[...downOf.values()].map(({ label }) => `${label} leads back from a file that is not there; it is left alone.`),
    ...gapsOf(migrations),
  ];
  return { migrations, notes };
}

const numberOf = ({ fileName }: FoundFile): string => form.exec(fileName)![1]!;

const byNumber = (a: string, b: string): number => {
  const [x, y] = [sameNumber(a), sameNumber(b)];
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
};

function refuseTwins(files: FoundFile[], what: string): void {
  const twins = [...group(files)].find(([, list]) => list.length > 1);
  if (!twins) return;
  const [number, list] = twins;
  throw refused('bad_file_name', `${list.length} ${what} have the number ${number}.`, {
    detail: list.map(({ label }) => label),
    state: 'Nothing was changed.',
    next: 'Give all but one a number of its own (and its row in the history table, where it has one), then run the command again.',
  });
}

function group(files: FoundFile[]): Map<string, FoundFile[]> {
  const groups = new Map<string, FoundFile[]>();
  for (const file of files) groups.set(sameNumber(numberOf(file)), [...(groups.get(sameNumber(numberOf(file))) ?? []), file]);
  return groups;
}

/** Counts that are missing between the first and the last; dates have no gaps. */
function gapsOf(migrations: EarlierMigration[]): string[] {
  return migrations.slice(1).flatMap(({ label, number }, index) => {
    const [from, to] = [Number(migrations[index]!.number), Number(number)];
    if (to - from < 2 || to > 99_999) return [];
    return [`No file has the number ${to - from === 2 ? from + 1 : `${from + 1} to ${to - 1}`}, before ${label}.`];
  });
}
