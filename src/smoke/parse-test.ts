import { failed, Problem, refused } from '../errors.ts';
import { type Statement, splitStatements, withoutByteOrderMark } from '../migration/statements.ts';
import { placeAt } from '../sql-error.ts';
import { withoutPsqlSettings } from './psql-settings.ts';
import { versionOfTest } from './test-name.ts';

/** A test file, read: what of it runs, and where that stands. */
export interface SmokeTest {
  file: string;
  version: string;
  /** Written for `supabase test db`, whose rules it follows: it must state a plan, and finds pgTAP. */
  forCli?: true;
  /** The file's text; the statements' offsets count in it. What is left out stands there as spaces. */
  text: string;
  /** Without the leading BEGIN and the trailing ROLLBACK. Empty when the file checks nothing. */
  statements: Statement[];
  /** Names of its PREPARE statements, which outlive a rollback and have to be taken away. */
  preparedNames: string[];
}

/**
 * Reads a smoke test. A leading BEGIN and a trailing ROLLBACK are taken off, because the test runs in a transaction of ours.
 * Throws a Problem with line and column at a syntax error, a psql command, COPY … FROM stdin and any other transaction control.
 */
export async function parseSmokeTest(file: string, text: string): Promise<SmokeTest> {
  const sql = withoutByteOrderMark(text);
  const all = await split(file, sql);
  const from = all[0] && isPlainBegin(all[0]) ? 1 : 0;
  const last = all.at(-1);
  const to = last && all.length > from && isPlainRollback(last) ? all.length - 1 : all.length;
  const statements = all.slice(from, to);
  for (const statement of all) {
    if (statements.includes(statement)) refuseTransactionControl(file, sql, statement);
  }
  return { file, version: versionOfTest(file), text: sql, statements, preparedNames: preparedNames(statements) };
}

/**
 * Reads a test that is written for `supabase test db`; `name` is what results call it. The same, but statements may stand before BEGIN, savepoints are
 * allowed, and psql may be told how to print.
 */
export async function parseCliTest(file: string, text: string, name: string): Promise<SmokeTest> {
  const sql = withoutPsqlSettings(withoutByteOrderMark(text));
  const all = await split(file, sql);
  const begin = all.find(controlOf);
  const last = all.at(-1);
  const left = [begin && isPlainBegin(begin) ? begin : undefined, last && last !== begin && isPlainRollback(last) ? last : undefined];
  const statements = all.filter((statement) => !left.includes(statement));
  for (const statement of statements) {
    if (!isSavepoint(statement)) refuseTransactionControl(file, sql, statement);
  }
  return { file, version: name, forCli: true, text: blank(sql, left), statements, preparedNames: preparedNames(statements) };
}

const blank = (sql: string, statements: (Statement | undefined)[]) =>
  statements.reduce(
    (text, statement) =>
      statement ? text.slice(0, statement.first) + ' '.repeat(statement.end - statement.first) + text.slice(statement.end) : text,
    sql,
  );

/** One with the name of ours would hide it. */
const isSavepoint = (statement: Statement) => {
  const control = controlOf(statement);
  return (
    ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO'].includes(control?.kind ?? '') &&
    !control?.savepoint_name?.startsWith('supasnap_')
  );
};

async function split(file: string, sql: string): Promise<Statement[]> {
  try {
    const statements = await splitStatements(sql, file);
    const copy = statements.find(({ data }) => data);
    if (copy)
      throw failed('bad_test', "a smoke test can't load rows with COPY … FROM stdin", {
        place: placeAt(file, sql, copy.first),
        next: 'Write the rows as INSERT statements.',
      });
    return statements;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const next = isOfPsql(error) ? 'Take the line out; a smoke test holds SQL statements only.' : error.next;
    throw failed('bad_test', error.message, {
      place: error.place,
      detail: error.detail,
      state: 'The test was not run.',
      next,
      cause: error,
    });
  }
}

/** Whether what can't be read is a command of psql, such as \set. */
const isOfPsql = ({ place }: Problem) => place !== undefined && [...place.text][place.column - 1] === '\\';

const isPlainBegin = (statement: Statement) => {
  const control = controlOf(statement);
  return (control?.kind === 'TRANS_STMT_BEGIN' || control?.kind === 'TRANS_STMT_START') && !control.options?.length;
};

const isPlainRollback = (statement: Statement) => {
  const control = controlOf(statement);
  return control?.kind === 'TRANS_STMT_ROLLBACK' && !control.chain;
};

function refuseTransactionControl(file: string, sql: string, statement: Statement): void {
  const control = controlOf(statement);
  if (!control) return;
  const word = sql.slice(statement.first, statement.end).replace(/\s+/g, ' ');
  throw refused('bad_test', `a smoke test can't run this: ${word}`, {
    place: placeAt(file, sql, statement.first),
    detail: [reasons[control.kind ?? ''] ?? 'It would end the transaction that the test runs in.'],
    state: 'The test was not run.',
    next: remedies[control.kind ?? ''] ?? 'Take the statement out; what a test does is always rolled back.',
  });
}

const reasons: Record<string, string> = {
  TRANS_STMT_BEGIN: 'Only a plain BEGIN as the first statement is understood; the test runs in a transaction of ours.',
  TRANS_STMT_START: 'Only a plain START TRANSACTION as the first statement is understood; the test runs in a transaction of ours.',
  TRANS_STMT_ROLLBACK: 'Only a plain ROLLBACK as the last statement is understood; here it would undo the migration that is being tested.',
  TRANS_STMT_SAVEPOINT: 'The test runs in a savepoint of ours.',
  TRANS_STMT_RELEASE: 'The test runs in a savepoint of ours.',
  TRANS_STMT_ROLLBACK_TO: 'The test runs in a savepoint of ours.',
};

const blockInstead = 'Use a DO block with BEGIN … EXCEPTION WHEN … END around what is expected to fail.';
const remedies: Record<string, string> = {
  TRANS_STMT_SAVEPOINT: blockInstead,
  TRANS_STMT_RELEASE: blockInstead,
  TRANS_STMT_ROLLBACK_TO: blockInstead,
};

const controlOf = ({ node }: Statement) => ('TransactionStmt' in node ? node.TransactionStmt : undefined);

const preparedNames = (statements: Statement[]) =>
  statements.flatMap(({ node }) => ('PrepareStmt' in node && node.PrepareStmt.name ? [node.PrepareStmt.name] : []));
