import { failed, type Problem } from '../errors.ts';
import { placeAt, type Source } from '../sql-error.ts';
import { labelUses } from './enum-labels.ts';
import type { MigrationHeader } from './header.ts';
import { needsPlatformRights } from './platform-rights.ts';
import { runsAlone } from './runs-alone.ts';
import type { Statement } from './statements.ts';

/** Statements that stand next to each other and are sent in one message: `text.slice(start, end)` of the file's text. */
export interface Batch {
  start: number;
  end: number;
  statements: Statement[];
  /** The one statement needs what the hosted platform allows `postgres` beyond its own rights. */
  platformRights: boolean;
}

/** One unit of a file that can't run as a whole: a transaction, or one statement outside of any. Rows that such a one changes can't be kept. */
export type Step = { kind: 'transaction'; batches: Batch[] } | { kind: 'alone'; batch: Batch; reason: string };

/** How a file runs. `notes` are sentences to show. */
export type ExecutionPlan =
  | { mode: 'transaction'; batches: Batch[]; notes: string[] }
  | { mode: 'outside'; steps: Step[]; notes: string[] };

export interface PlanOptions {
  header?: MigrationHeader;
  /** Path to show in Problems, or the files that the text comes from. */
  file?: Source;
  /** The file's text, for the line shown in Problems. */
  text?: string;
  /** Commit between adding an enum label and the first statement that seems to use it. Default true. */
  commitNewLabels?: boolean;
}

/** Plans how the statements of one file run. Throws a Problem at transaction control that would end our transaction. */
export function planExecution(statements: Statement[], options: PlanOptions = {}): ExecutionPlan {
  const { kept, notes, inBlock } = unwrap(statements, options);
  const positions = new Map(statements.map((statement, index) => [statement, index]));
  const reasons = new Map<Statement, string>();
  const apart = new Set<Statement>();
  for (const statement of kept) {
    const reason = runsAlone(statement.node);
    if (reason && inBlock.has(statement))
      throw refusal(`${reason} can't run between BEGIN and COMMIT`, statement, options, 'Move it out of the BEGIN … COMMIT block.');
    if (reason && options.header?.transaction)
      throw refusal(
        `${reason} can't run in a transaction, and the file's header says transaction=on`,
        statement,
        options,
        'Take transaction=on out of the header.',
      );
    if (reason) reasons.set(statement, `${reason} can't run in a transaction`);
    else if (options.header?.transaction === false && !inBlock.has(statement)) {
      // What a procedure commits, it can commit only there; all else has its rows kept by a transaction of its own.
      if ('CallStmt' in statement.node) reasons.set(statement, 'CALL in a file that says transaction=off');
      else apart.add(statement);
    }
  }
  const commitBefore = new Set<Statement>();
  if (options.commitNewLabels !== false && options.header?.transaction !== true)
    for (const use of labelUses(kept)) {
      const [adds, uses] = [kept[use.added], kept[use.used]];
      if (!adds || !uses) continue;
      commitBefore.add(uses);
      notes.push(`${capital(adds.where)} adds the enum label '${use.label}' and ${uses.where} uses it, so there is a COMMIT between them.`);
    }

  if (reasons.size === 0 && commitBefore.size === 0 && apart.size === 0)
    return { mode: 'transaction', batches: batchesOf(kept, positions), notes };
  for (const [statement, reason] of reasons)
    notes.push(`${capital(statement.where)}: ${reason}${reason.startsWith('CALL') ? ' runs outside a transaction' : ''}.`);
  return { mode: 'outside', steps: stepsOf(kept, positions, { reasons, apart, commitBefore }), notes };
}

function stepsOf(
  kept: Statement[],
  positions: Positions,
  { reasons, apart, commitBefore }: { reasons: Map<Statement, string>; apart: Set<Statement>; commitBefore: Set<Statement> },
): Step[] {
  const steps: Step[] = [];
  let run: Statement[] = [];
  const close = () => {
    if (run.length > 0) steps.push({ kind: 'transaction', batches: batchesOf(run, positions) });
    run = [];
  };
  for (const statement of kept) {
    const reason = reasons.get(statement);
    if (reason || commitBefore.has(statement) || apart.has(statement)) close();
    if (reason) steps.push({ kind: 'alone', batch: batchOf([statement], needsPlatformRights(statement)), reason });
    else run.push(statement);
    if (apart.has(statement)) close();
  }
  close();
  return steps;
}

/** Each statement's index in the file. */
type Positions = Map<Statement, number>;

/** Joins neighbours; a statement that was left out of `kept` (BEGIN, COMMIT) separates them. */
function batchesOf(kept: Statement[], positions: Positions): Batch[] {
  const batches: Batch[] = [];
  for (const statement of kept) {
    const platformRights = needsPlatformRights(statement);
    const last = batches.at(-1);
    const before = last?.statements.at(-1);
    const follows = before && (positions.get(before) ?? 0) + 1 === positions.get(statement);
    const alone = platformRights || last?.platformRights || statement.data || before?.data;
    if (last && follows && !alone) {
      last.statements.push(statement);
      last.end = statement.end;
    } else batches.push(batchOf([statement], platformRights));
  }
  return batches;
}

const batchOf = (statements: Statement[], platformRights: boolean): Batch => ({
  start: statements[0]?.start ?? 0,
  end: statements.at(-1)?.end ?? 0,
  statements,
  platformRights,
});

/** Takes the file's own BEGIN and COMMIT off: our transaction is around all of it. */
function unwrap(statements: Statement[], options: PlanOptions) {
  const kept: Statement[] = [];
  const notes: string[] = [];
  const inBlock = new Set<Statement>();
  let open: Statement | undefined;
  let blocks = 0;
  for (const statement of statements) {
    if (!('TransactionStmt' in statement.node)) {
      kept.push(statement);
      if (open) inBlock.add(statement);
      continue;
    }
    const { kind, chain, options: modes } = statement.node.TransactionStmt;
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
      if (modes?.length) notes.push(`${capital(statement.where)}: the isolation and access mode of this BEGIN are not used.`);
      open = statement;
      blocks++;
    } else if (kind === 'TRANS_STMT_COMMIT' && !chain) open = undefined;
    else if (kind === 'TRANS_STMT_SAVEPOINT' || kind === 'TRANS_STMT_RELEASE' || kind === 'TRANS_STMT_ROLLBACK_TO') kept.push(statement);
    else throw controlProblem(statement, options);
  }
  if (open)
    throw refusal(
      'this BEGIN has no COMMIT',
      open,
      options,
      'Add COMMIT at the end, or take BEGIN out: a file runs in one transaction anyway.',
    );
  if (blocks > 0) notes.push(...unwrapNotes(blocks, kept));
  return { kept, notes, inBlock };
}

function unwrapNotes(blocks: number, kept: Statement[]): string[] {
  if (blocks === 1) return ["The file's own BEGIN and COMMIT are replaced by the transaction that also records it."];
  const local = kept.find(({ node }) => 'VariableSetStmt' in node && node.VariableSetStmt.is_local);
  const notes = [`The file's ${blocks} BEGIN … COMMIT blocks run as one transaction, so that they succeed or fail together.`];
  if (local) notes.push(`${capital(local.where)}: SET LOCAL now lasts to the end of the file, not of its block.`);
  return notes;
}

const capital = (words: string) => words.replace(/^l/, 'L');

function controlProblem(statement: Statement, options: PlanOptions): Problem {
  const word = statement.text.slice(statement.first - statement.start).replace(/\s+/g, ' ');
  return refusal(
    `${word} can't stand in a migration: it would end the transaction that makes it safe`,
    statement,
    options,
    'Take it out of the file.',
  );
}

function refusal(message: string, statement: Statement, options: PlanOptions, next: string): Problem {
  const file = options.file ?? 'SQL text';
  const place =
    options.text === undefined
      ? { file: 'SQL text', line: statement.line, column: 1, text: statement.text.split('\n')[0] ?? '' }
      : placeAt(file, options.text, statement.first);
  return failed('transaction_control', message, { place, state: 'Nothing was changed.', next });
}
