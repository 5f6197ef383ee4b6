import type pg from 'pg';
import { attention, failed } from '../errors.ts';
import type { ServerError } from '../sql-error.ts';
import { compareCounts, compareObjects, schemasToSearch } from './compare-expectations.ts';
import { countObjects, listObjects } from '../snapshot/count-objects.ts';
import type { Expectations } from './expectations.ts';
import type { SmokeTest } from './parse-test.ts';
import { providePgtap } from './pgtap.ts';
import { keepPreparedStatements } from './prepared-statements.ts';
import { passes, type SmokeCheck, type SmokeResult } from './result.ts';
import { type Reply, sendStatements } from './send-statements.ts';
import { problemOfTest } from './test-problem.ts';
import { readTap } from './tap.ts';
import { fileName } from './test-name.ts';

export interface SmokeOptions {
  /** How long one statement of the test may take; 60,000 unless said. */
  statementTimeoutMs?: number;
  /** A pooler gives the session to others afterwards: locks that the test took and left must not stay with it. */
  sharedSession?: boolean;
  /** Milliseconds of a steady clock. */
  now?: () => number;
}

const marker = 'supasnap_smoke_test';
const rolledBack = 'What the test did was rolled back.';

/**
 * Runs a test in a transaction of its own, which is rolled back. The client must not be in a transaction.
 * A test that fails is a result; only a lost connection is thrown.
 */
export async function runSmokeTest(
  client: pg.ClientBase,
  test: SmokeTest,
  expectations?: Expectations,
  options: SmokeOptions = {},
): Promise<SmokeResult> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    return await runSmokeTestInTransaction(client, test, expectations, options);
  } finally {
    if (options.sharedSession) await client.query('SELECT pg_advisory_unlock_all()').catch(() => {});
    await client.query('ROLLBACK').catch(() => {});
  }
}

/**
 * Runs a test inside the transaction that the caller holds open, in a savepoint that is rolled back: role, search_path, claims,
 * settings, temporary tables and rows are as before, and the caller's uncommitted work stays. Identity values, advisory locks of the
 * session and the locks that the test took remain. The transaction's deferred constraints are checked first.
 * A test that fails is a result; a lost connection, or a client that is not in a sound transaction, is thrown.
 */
export async function runSmokeTestInTransaction(
  client: pg.ClientBase,
  test: SmokeTest,
  expectations?: Expectations,
  { statementTimeoutMs = 60_000, now = () => performance.now() }: SmokeOptions = {},
): Promise<SmokeResult> {
  const started = now();
  const result: SmokeResult = { version: test.version, file: test.file, ok: false, checks: [], counts: {}, durationMs: 0 };
  const prepared = await keepPreparedStatements(client, test.preparedNames);
  const opened = opening(statementTimeoutMs);
  const waiting = await sendStatements(
    client,
    [...opened, 'SET CONSTRAINTS ALL IMMEDIATE', `ROLLBACK TO SAVEPOINT ${marker}_constraints`].join('; '),
  );
  if (waiting.error && waiting.completed < opened.length) throw waiting.error;
  if (waiting.error) {
    result.checks.push({ ok: false, name: 'the deferred constraints of what is tested hold', detail: told(waiting.error) });
    result.problem = failed('sql_failed', `a deferred constraint is violated before the test begins: ${waiting.error.message}`, {
      detail: details(waiting.error),
      state: 'The test was not run.',
      next: 'Correct the rows that the migration writes; COMMIT would refuse them too.',
      cause: waiting.error,
    });
  } else {
    if (test.forCli) await providePgtap(client, test.statements);
    else await compare(client, expectations, result);
    await runStatements(client, test, result, statementTimeoutMs);
  }

  const closing = await sendStatements(client, `ROLLBACK TO SAVEPOINT ${marker}; RELEASE SAVEPOINT ${marker}`);
  if (closing.error) transactionEnded(result, closing.error);
  else await prepared.restore();
  result.ok = result.checks.every(passes);
  result.durationMs = now() - started;
  return result;
}

/**
 * A file written by pg_dump leaves search_path empty and row_security off; a test begins as it would on a new connection.
 * The second savepoint is for the deferred constraints, which go back to waiting.
 */
const opening = (timeoutMs: number) => [
  `SAVEPOINT ${marker}`,
  'RESET search_path',
  'RESET row_security',
  'RESET check_function_bodies',
  `SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}`,
  `SAVEPOINT ${marker}_constraints`,
];

async function compare(client: pg.ClientBase, expectations: Expectations | undefined, result: SmokeResult): Promise<void> {
  const compared = compareCounts(expectations, await countObjects(client, expectations?.schemas ?? ['public']));
  result.counts = compared.counts;
  result.checks.push(...compared.checks);
  if (expectations && Object.keys(expectations.objects).length > 0)
    result.checks.push(...compareObjects(expectations, await listObjects(client, schemasToSearch(expectations))));
}

async function runStatements(client: pg.ClientBase, test: SmokeTest, result: SmokeResult, timeoutMs: number): Promise<void> {
  const [first, last] = [test.statements[0], test.statements.at(-1)];
  if (!first || !last) {
    result.checks.push({
      ok: false,
      name: `${fileName(test.file)} checks something`,
      detail: 'it checks nothing: there is no statement in it',
    });
    return;
  }
  const reply = await sendStatements(client, test.text.slice(first.start, last.end));
  result.checks.push(...checksOf(test, reply));
  if (reply.error) {
    result.problem = problemOfTest(test, reply.error, reply.completed, { state: rolledBack, timeoutMs });
    const { message, place } = result.problem;
    const ending = result.checks.at(-1);
    if (ending) ending.detail = place ? `${message} (line ${place.line}, column ${place.column})` : message;
    return;
  }
  const deferred = await sendStatements(client, 'SET CONSTRAINTS ALL IMMEDIATE');
  if (deferred.error) deferredViolation(result, deferred.error);
}

/** The check that an error failed comes last. */
function checksOf(test: SmokeTest, { lines, error }: Reply): SmokeCheck[] {
  const tap = readTap(lines, { stopped: error !== undefined });
  if (!tap.isTap && test.forCli && !error)
    return [{ ok: false, name: 'the plan is stated', detail: "no line says how many checks are meant: select plan(1), or select '1..1'" }];
  if (!tap.isTap) return [{ ok: !error, name: `${fileName(test.file)} ran without error` }];
  return error ? [...tap.checks, { ok: false, name: 'the test ran to its end' }] : tap.checks;
}

function deferredViolation(result: SmokeResult, error: ServerError): void {
  result.checks.push({ ok: false, name: "the deferred constraints of the test's own rows hold", detail: told(error) });
  result.problem = failed('sql_failed', `a deferred constraint is violated at the end of the test: ${error.message}`, {
    detail: [`File: ${result.file}`, ...details(error)],
    state: rolledBack,
    next: 'Complete the rows that the test writes.',
    cause: error,
  });
}

/** Our savepoint is gone, so the transaction is another one: whatever came before the test may be lost. */
function transactionEnded(result: SmokeResult, error: ServerError): void {
  result.checks.push({ ok: false, name: 'the transaction is still the one that the test began in', detail: 'the test ended it' });
  result.problem = attention('transaction_control', 'the smoke test ended the transaction that it ran in', {
    detail: [`File: ${result.file}`, `The server says: ${error.message}`],
    state: 'What the transaction had done before the test was rolled back, or committed by the test.',
    next: 'Run db-status to see what is applied, then take the transaction control out of the test.',
    cause: error,
  });
}

const told = (error: ServerError) => [error.message, error.detail].filter(Boolean).join('\n');

const details = (error: ServerError) =>
  [
    error.code && `SQLSTATE: ${error.code}`,
    error.detail && `Detail: ${error.detail}`,
    error.hint && `Hint: ${error.hint}`,
    error.where && `Where: ${error.where}`,
  ].filter((line): line is string => Boolean(line));
