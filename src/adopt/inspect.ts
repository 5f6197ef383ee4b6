import { Problem } from '../errors.ts';
import { parseHeader } from '../migration/header.ts';
import { splitStatements, type Statement } from '../migration/statements.ts';
import { planExecution } from '../migration/transaction.ts';
import type { EarlierMigration } from './earlier.ts';

/** What the SQL of the files says. */
export interface Inspection {
  /** Down files without a statement: nothing leads back there, or nobody said what. */
  emptyDowns: Set<EarlierMigration>;
  /** `schema.name` or the bare name of all tables that the files make. */
  tables: Set<string>;
  notes: string[];
}

/** Parses all files. Throws a Problem at one that is no SQL: neither the Supabase CLI nor we could run it. */
export async function inspect(migrations: EarlierMigration[]): Promise<Inspection> {
  const found: Inspection = { emptyDowns: new Set(), tables: new Set(), notes: [] };
  for (const migration of migrations) {
    const { label, up, down } = migration;
    const text = up.toString('utf8').replace(/^\ufeff/, '');
    const statements = await splitStatements(text, label);
    for (const table of tablesOf(statements)) found.tables.add(table);
    if (statements.some(({ node }) => 'TransactionStmt' in node)) found.notes.push(...runNotes(label, statements, text));
    if (!down) continue;
    const way = await splitStatements(down.text, down.label).catch((error: unknown) => error);
    if (way instanceof Problem) found.notes.push(`The way back in ${down.label} can't be used: ${way.message}${way.place ? ` (line ${way.place.line})` : ''}.`);
    else if (!Array.isArray(way)) throw way;
    else if (way.every(({ node }) => 'TransactionStmt' in node)) found.emptyDowns.add(migration);
    else found.notes.push(...wayNotes(down.label, way, down.text));
  }
  if (found.emptyDowns.size > 0) found.notes.push(`No statement leads back in ${[...found.emptyDowns].map(({ down }) => down!.label).join(', ')}: a way back is planned where it is asked for.`);
  return found;
}

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

/** A rollback runs in one transaction. */
function wayNotes(label: string, statements: Statement[], text: string): string[] {
  try {
    const { mode, notes } = planExecution(statements, { file: label, text, commitNewLabels: false });
    return mode === 'transaction' ? [] : [`The way back in ${label} can't run in a transaction (${notes.join(' ')}), so a rollback plans another one. Take CONCURRENTLY and the like out of it to have it used.`];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [`The way back in ${label} can't be used: ${error.message}.`];
  }
}
