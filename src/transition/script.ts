import { returnPoint } from '../planner/arrange.ts';
import { rowsBegin, rowsEnd } from './rollback-file.ts';
import type { ExecutionPlan } from '../migration/transaction.ts';
import { planExecution, type Batch } from '../migration/transaction.ts';
import type { Migration } from '../migration/read.ts';
import type { Source } from '../sql-error.ts';
import { splitStatements, type Statement } from '../migration/statements.ts';

/** SQL of a file, ready to run: its text, its statements and how they run. */
export interface Script {
  /** The path to show. */
  file: string;
  /** Where the parts of the text come from, when it includes other files. */
  source?: Source;
  text: string;
  statements: Statement[];
  execution: ExecutionPlan;
  lockTimeout?: string;
  statementTimeout?: string;
}

export const migrationScript = (migration: Migration, file: string): Script => ({
  file,
  source: migration.source,
  text: migration.text,
  statements: migration.statements,
  execution: planExecution(migration.statements, { header: migration.header, file: migration.source, text: migration.text }),
  lockTimeout: migration.header.lockTimeout,
  statementTimeout: migration.header.statementTimeout,
});

/**
 * A rollback's text. Its own change of the CLI's history is blanked out, for whoever runs the script here records it; so is what it
 * does with rows, unless it is to run as by hand.
 */
export async function rollbackScript(file: string, source: string, asByHand = false): Promise<Script> {
  let text = asByHand ? source : withoutRows(source);
  for (const statement of await splitStatements(source, file)) {
    if (changesHistory(statement)) text = blank(text, statement.start, statement.end);
  }
  const statements = await splitStatements(text, file);
  return { file, text, statements, execution: planExecution(statements, { file, text, commitNewLabels: false }) };
}

/** The batches before and behind the place where kept rows return; without such a place they return at the end. */
export function splitAtReturn(script: Script): { early: Batch[]; late: Batch[] } {
  const at = script.text.indexOf(returnPoint);
  const batches = (statements: Statement[]): Batch[] => {
    const execution = planExecution(statements, { file: script.file, text: script.text, commitNewLabels: false });
    return execution.mode === 'transaction' ? execution.batches : [];
  };
  if (at === -1) return { early: script.execution.mode === 'transaction' ? script.execution.batches : [], late: [] };
  const body = script.statements.filter(({ node }) => !('TransactionStmt' in node));
  return { early: batches(body.filter(({ first }) => first < at)), late: batches(body.filter(({ first }) => first > at)) };
}

function withoutRows(source: string): string {
  let text = source;
  for (let start = text.indexOf(rowsBegin); start !== -1; start = text.indexOf(rowsBegin)) {
    const end = text.indexOf(rowsEnd, start);
    text = blank(text, start, end === -1 ? text.length : end + rowsEnd.length);
  }
  return text;
}

const changesHistory = ({ node }: Statement): boolean => {
  const table = 'DeleteStmt' in node ? node.DeleteStmt.relation : 'InsertStmt' in node ? node.InsertStmt.relation : undefined;
  return table?.schemaname === 'supabase_migrations' && table.relname === 'schema_migrations';
};

const blank = (text: string, start: number, end: number) =>
  `${text.slice(0, start)}${text.slice(start, end).replace(/[^\n]/g, ' ')}${text.slice(end)}`;
