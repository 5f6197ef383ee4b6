import { titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { splitAt } from '../snapshot/canonical-scan.ts';
import { quoteName } from '../sql-names.ts';

/** What makes one CREATE TABLE of a dump another: the type it is of, and its storage parameters with their order. */
export function tableChanges({ header }: DumpEntry, wanted: string, present: string): string[] {
  const { name, schema } = titleOf(header);
  const table = `ALTER TABLE ${quoteName(schema)}.${quoteName(name)}`;
  const [typeWanted, typePresent] = [typeOf(wanted), typeOf(present)];
  const [parametersWanted, parametersPresent] = [parametersOf(wanted), parametersOf(present)];
  const statements: string[] = [];
  if (typeWanted !== typePresent) statements.push(typeWanted === undefined ? `${table} NOT OF` : `${table} OF ${typeWanted}`);
  if (parametersWanted !== parametersPresent) {
    if (parametersPresent !== undefined) statements.push(`${table} RESET (${namesOf(parametersPresent)})`);
    if (parametersWanted !== undefined) statements.push(`${table} SET (${parametersWanted})`);
  }
  return statements;
}

/** The opposite of a statement that follows CREATE TABLE or CREATE INDEX in a dump. */
export function undone(statement: string, create: string): string[] {
  const cluster = /^(ALTER [\s\S]*?) CLUSTER ON /.exec(statement);
  if (cluster) return [`${cluster[1]} SET WITHOUT CLUSTER`];
  const column = /^(ALTER [\s\S]*? ALTER COLUMN ((?:"(?:[^"]|"")*"|\S+))) ([\s\S]*)$/.exec(statement);
  if (!column) return [];
  const [, head = '', name = '', change = ''] = column;
  if (change.startsWith('SET STATISTICS ')) return [`${head} SET STATISTICS -1`];
  if (change.startsWith('SET COMPRESSION ')) return [`${head} SET COMPRESSION DEFAULT`];
  if (change.startsWith('SET STORAGE ')) return [`${head} SET STORAGE ${usualStorage(name, create)}`];
  if (change.startsWith('SET (')) return [`${head} RESET (${namesOf(inner(change))})`];
  if (change.startsWith('OPTIONS (')) {
    return [
      `${head} OPTIONS (${splitAt(inner(change), ',')
        .map((option) => `DROP ${option.trim().split(/\s/)[0]}`)
        .join(', ')})`,
    ];
  }
  return [];
}

const typeOf = (create: string) =>
  /^CREATE (?:UNLOGGED )?TABLE (?:(?:"(?:[^"]|"")*"|[\w$]+)\.?)+ OF ((?:(?:"(?:[^"]|"")*"|[\w$]+)\.?)+)/.exec(create)?.[1];

const parametersOf = (create: string) => /\nWITH \(([^\n]*)\)$/.exec(create)?.[1];

const namesOf = (parameters: string) =>
  splitAt(parameters, ',')
    .map((parameter) => parameter.trim().split('=')[0])
    .join(', ');

const inner = (text: string) => text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));

/** SET STORAGE DEFAULT is known from PostgreSQL 16 on only; these types are kept in the table while they fit, others are not. */
const usualStorage = (column: string, create: string) => {
  const line = create.split('\n').find((each) => each.trim().startsWith(`${column} `));
  return /^\s*(?:"(?:[^"]|"")*"|\S+) (?:numeric|inet|cidr)\b/.test(line ?? '') ? 'MAIN' : 'EXTENDED';
};
