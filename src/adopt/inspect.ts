import { Problem } from '../errors.ts';
import { parseHeader } from '../migration/header.ts';
import { splitStatements, type Statement } from '../migration/statements.ts';
import { planExecution } from '../migration/transaction.ts';
import type { EarlierDown, EarlierMigration } from './earlier.ts';

/** What the SQL of the files says. */
export interface Inspection {
  /** What leads back from a migration, as a rollback can run it. */
  ways: Map<EarlierMigration, string>;
  /** `schema.name` or the bare name of all tables that the files make. */
  tables: Set<string>;
  notes: string[];
}

/** Parses all files. Throws a Problem at one that is no SQL: neither the Supabase CLI nor we could run it. */
export async function inspect(migrations: EarlierMigration[]): Promise<Inspection> {
  const found: Inspection = { ways: new Map(), tables: new Set(), notes: [] };
  const empty: string[] = [];
  for (const migration of migrations) {
    const { label, up, down } = migration;
    const text = up.toString('utf8').replace(/^\ufeff/, '');
    const statements = await splitStatements(text, label);
    for (const table of tablesOf(statements)) found.tables.add(table);
    if (statements.some(({ node }) => 'TransactionStmt' in node)) found.notes.push(...runNotes(label, statements, text));
    if (!down) continue;
    const way = await wayOf(down);
    if ('reason' in way)
      found.notes.push(`The way back in ${down.label} is not taken over, and one is planned where it is asked for: ${way.reason}`);
    else if (way.text === undefined) empty.push(down.label);
    else found.ways.set(migration, way.text);
    if ('note' in way && way.note) found.notes.push(way.note);
  }
  if (empty.length > 0) found.notes.push(`No statement leads back in ${empty.join(', ')}: a way back is planned where it is asked for.`);
  return found;
}

type Way = { text: string | undefined; note?: string } | { reason: string };

/** A way back runs in one transaction, as every rollback does. */
async function wayOf({ label, text }: EarlierDown): Promise<Way> {
  try {
    const statements = await splitStatements(text, label);
    if (statements.every(({ node }) => 'TransactionStmt' in node)) return { text: undefined };
    if (runsAsOne(statements, label, text).mode === 'transaction') return { text };
    const plain = withoutConcurrently(statements, text);
    const { mode, notes } = runsAsOne(await splitStatements(plain, label), label, plain);
    return mode === 'transaction'
      ? { text: plain, note: `CONCURRENTLY is taken out of the way back in ${label}: a rollback runs in one transaction.` }
      : { reason: `it can't run in a transaction. ${notes.join(' ')}` };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { reason: `${error.message}${error.place ? ` (line ${error.place.line})` : ''}.` };
  }
}

const runsAsOne = (statements: Statement[], label: string, text: string) =>
  planExecution(statements, { file: label, text, commitNewLabels: false });

/** An index that is made or dropped in a transaction is the same index; others wait meanwhile. */
const withoutConcurrently = (statements: Statement[], text: string): string =>
  [...statements]
    .reverse()
    .reduce(
      (all, { first, end }) =>
        `${all.slice(0, first)}${all.slice(first, end).replace(/^(drop\s+index|create\s+(?:unique\s+)?index)\s+concurrently\b/i, '$1')}${all.slice(end)}`,
      text,
    );

const tablesOf = (statements: Statement[]): string[] =>
  statements.flatMap(({ node }) => {
    const table = 'CreateStmt' in node ? node.CreateStmt.relation : undefined;
    return table?.relname ? [table.schemaname ? `${table.schemaname}.${table.relname}` : table.relname] : [];
  });

function runNotes(label: string, statements: Statement[], text: string): string[] {
  try {
    return planExecution(statements, { header: parseHeader(text, label), file: label, text }).notes.map((note) => `${label}: ${note}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [`${label}: ${error.message}${error.place ? ` (line ${error.place.line})` : ''}. It can't be applied anew as it is.`];
  }
}
