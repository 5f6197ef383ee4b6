import type { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Statement } from '../migration/statements.ts';
import type { Batch, Step } from '../migration/transaction.ts';
import { failed } from '../errors.ts';
import { sqlProblem, type ServerError } from '../sql-error.ts';
import { locksFar } from '../migration/far-locks.ts';
import { durationMs } from '../migration/header.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import { rightsStatement } from '../target/embedded/platform/rights.ts';
import { badRow, copyRows } from './copy-rows.ts';
import type { Script } from './script.ts';

export interface Timeouts {
  /** Milliseconds; 0 for none. */
  lockTimeoutMs: number;
  statementTimeoutMs: number;
}

/** What an error of a script's statement says of the state of things. */
export interface Consequence {
  state: string;
  next: string;
}

/** Of a statement that fails on a shadow. */
export const untouched: Consequence = {
  state: 'It failed in the rehearsal. The target was not touched.',
  next: 'Correct the file and run the same command again.',
};

/** Runs batches of a script inside the transaction that is open. A server's error becomes a Problem with line and caret. */
export async function runBatches(client: pg.Client, script: Script, batches: Batch[], consequence: Consequence): Promise<void> {
  for (const batch of batches) {
    const progress = { completed: 0 };
    try {
      await sendBatch(client, script, batch, progress);
    } catch (error) {
      if (!isServerError(error)) throw error;
      const failing = batch.statements[progress.completed];
      const slice = error.position || !failing ? batch : (badRow(script, failing, error) ?? { start: failing.first, end: failing.end });
      throw sqlProblem(error, script.source ?? script.file, script.text, slice.start, { ...consequence, sliceEnd: slice.end });
    }
  }
}

/** Runs a whole script in one transaction that `before` and `finish` share; nothing stays when anything of it throws. */
export async function inTransaction<T>(client: pg.Client, timeouts: Timeouts, run: () => Promise<T>): Promise<T> {
  await client.query(`begin isolation level read committed; ${timeoutStatements(timeouts)}`);
  try {
    const result = await run();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** How to run the steps of a script; each of these gets the step's number, from 0. */
export interface StepRun {
  /** The first step to run. */
  from?: number;
  /** What an error says when that many steps are done. */
  consequence: (done: number) => Consequence;
  /** Around one statement that runs outside any transaction. */
  alone?: (step: number, run: () => Promise<void>) => Promise<void>;
  /** Runs what is to be one transaction. */
  transact?: (step: number, run: () => Promise<void>) => Promise<void>;
}

/** Runs the steps of a script that can't be one transaction, one after the other. */
export async function runSteps(client: pg.Client, script: Script, steps: Step[], timeouts: Timeouts, how: StepRun): Promise<void> {
  const { from = 0, consequence, alone = (_, run) => run(), transact = (_, run) => inTransaction(client, timeouts, run) } = how;
  let set: Statement[] = [];
  for (const [index, step] of steps.entries()) {
    const settings = set.map(({ text }) => `${text}\n;`).join('\n');
    set = statementsOf(step).reduce(remember, set);
    if (index < from) continue;
    const run = async () => {
      if (settings) await client.query(settings);
      await runBatches(client, script, step.kind === 'transaction' ? step.batches : [step.batch], consequence(index));
    };
    if (step.kind === 'transaction') await transact(index, run);
    else {
      await client.query(`set lock_timeout = ${timeouts.lockTimeoutMs}; set statement_timeout = ${timeouts.statementTimeoutMs}`);
      await alone(index, run);
    }
  }
}

/** What is set for the session once this statement ran: the next step needs it again, for copies are taken with settings of their own, and a run may go on in another session. */
function remember(set: Statement[], statement: Statement): Statement[] {
  const { node, text } = statement;
  if ('DiscardStmt' in node && node.DiscardStmt.target === 'DISCARD_ALL') return [];
  const sets =
    ('VariableSetStmt' in node && !node.VariableSetStmt.is_local) ||
    ('SelectStmt' in node && !node.SelectStmt.fromClause && /\bset_config\s*\(/i.test(text));
  return sets ? [...set, statement] : set;
}

/** Temporary tables that these steps make: they are gone with their session. */
export const temporaryOf = (steps: Step[]): Statement[] =>
  steps.flatMap(statementsOf).filter(({ node }) => {
    const made =
      'CreateStmt' in node ? node.CreateStmt.relation : 'CreateTableAsStmt' in node ? node.CreateTableAsStmt.into?.rel : undefined;
    return made?.relpersistence === 't' || made?.schemaname === 'pg_temp';
  });

const statementsOf = (step: Step): Statement[] =>
  step.kind === 'alone' ? step.batch.statements : step.batches.flatMap(({ statements }) => statements);

export const timeoutStatements = ({ lockTimeoutMs, statementTimeoutMs }: Timeouts): string =>
  `set local lock_timeout = ${lockTimeoutMs}; set local statement_timeout = ${statementTimeoutMs}; set local idle_in_transaction_session_timeout = 0; ${endWithClient}`;

/** Ends the server's session when this program is gone; not every system can. */
const endWithClient =
  "do $check$ begin perform set_config('client_connection_check_interval', '2s', true); exception when others then null; end $check$";

/** The project's settings for these statements, with what the header of a file says instead. */
export const timeoutsOf = <T extends Timeouts & { platformLockTimeoutMs: number }>(
  settings: T,
  { statements, lockTimeout, statementTimeout }: Pick<Script, 'statements' | 'lockTimeout' | 'statementTimeout'>,
): T => ({
  ...settings,
  ...(statements.some(locksFar) ? { lockTimeoutMs: shortest(settings.lockTimeoutMs, settings.platformLockTimeoutMs) } : {}),
  ...(lockTimeout ? { lockTimeoutMs: durationMs(lockTimeout) } : {}),
  ...(statementTimeout ? { statementTimeoutMs: durationMs(statementTimeout) } : {}),
});

/** 0 is no limit. */
const shortest = (one: number, other: number): number => (one === 0 || other === 0 ? Math.max(one, other) : Math.min(one, other));

/** Header settings of a file win over the project's. */
export const headerStatements = (script: Script): string =>
  [
    script.lockTimeout && `set local lock_timeout = ${quoteText(script.lockTimeout)}`,
    script.statementTimeout && `set local statement_timeout = ${quoteText(script.statementTimeout)}`,
  ]
    .filter(Boolean)
    .join('; ');

async function sendBatch(client: pg.Client, script: Script, batch: Batch, progress: { completed: number }): Promise<void> {
  const sql = script.text.slice(batch.start, batch.end);
  if (batch.platformRights) await client.query(rightsStatement(true));
  const extensions = batch.platformRights
    ? batch.statements.flatMap(({ node }) => ('CreateExtensionStmt' in node ? [node.CreateExtensionStmt.extname ?? ''] : []))
    : [];
  const asMaker = extensions.length > 0 ? await becomeMaker(client, extensions) : undefined;
  const data = batch.statements[0]?.data;
  await counting(client, progress, () => (data ? copyRows(client, sql, script.text.slice(data.from, data.to)) : client.query(sql)));
  if (asMaker) await client.query(asMaker.back);
  if (batch.platformRights) await client.query(rightsStatement(false));
}

/** On the hosted platform what an extension brings belongs to a superuser of the platform, also where the Supabase CLI makes it; but for foreign data wrappers, which it hands to the role that asked. */
async function becomeMaker(client: pg.Client, extensions: string[]): Promise<{ back: string } | undefined> {
  const { rows } = await client.query<{ maker: string; role: string; asking: string }>(
    `select pg_get_userbyid(proowner)::text as maker, current_setting('role') as role, current_user::text as asking from pg_proc where oid = to_regprocedure('supabase_migrations.supasnap_platform_rights(boolean)')`,
  );
  if (!rows[0]) return undefined;
  await client.query(`set role ${quoteName(rows[0].maker)}`);
  return {
    back: `${handWrappers(extensions, rows[0].asking)}; ${rows[0].role === 'none' ? 'reset role' : `set role ${quoteName(rows[0].role)}`}`,
  };
}

const handWrappers = (extensions: string[], to: string): string => `do $hand$
declare
  wrapper name;
begin
  for wrapper in
    select w.fdwname from pg_catalog.pg_foreign_data_wrapper w join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass and d.objid = w.oid and d.deptype = 'e'
    join pg_catalog.pg_extension e on e.oid = d.refobjid where w.fdwowner = current_user::regrole and e.extname in (${extensions.map(quoteText).join(', ')})
  loop
    execute format('alter foreign data wrapper %I owner to %I', wrapper, ${quoteText(to)});
  end loop;
end $hand$`;

/** The server tells of each statement that it completed: so the one that failed is known, also when its error has no position. */
async function counting(client: pg.Client, progress: { completed: number }, run: () => Promise<unknown>): Promise<void> {
  const { connection } = client as unknown as { connection: EventEmitter };
  const count = () => void progress.completed++;
  connection.on('commandComplete', count);
  try {
    await run();
  } finally {
    connection.off('commandComplete', count);
  }
}

/** Checks now what was put off until COMMIT, then takes back what the script set for its session. */
export async function settle(client: pg.Client, timeouts: Timeouts, label: string, consequence: Consequence): Promise<void> {
  await client.query('set constraints all immediate').catch((error: unknown) => {
    if (!isServerError(error)) throw error;
    const { message, code, detail } = error as ServerError;
    throw failed(
      'sql_failed',
      `A constraint that is checked at the end of the transaction does not hold after ${label}: ${message}${code ? ` (${code})` : ''}`,
      {
        detail: detail ? [detail] : [],
        ...consequence,
        cause: error,
      },
    );
  });
  await client.query(`${resetSession}; ${timeoutStatements(timeouts)}`);
}

/** Takes back what a script set for the session. */
export const resetSession = 'reset all; reset role';

const isServerError = (error: unknown): error is ServerError & Error => typeof (error as { severity?: unknown }).severity === 'string';
