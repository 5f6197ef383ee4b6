import { failed, Problem } from '../../errors.ts';
import type { ConnectionSettings } from '../../target/connection.ts';
import { type DumpArguments, dumpArguments } from './arguments.ts';
import { runBundled } from './bundled.ts';
import { choosePgDump, type PgDumpChoice } from './choice.ts';
import { cleanDump } from './clean.ts';
import { findNative, runNative } from './native.ts';
import { dumpProblem, lostLineProblem } from './trouble.ts';

export type { PgDumpChoice } from './choice.ts';

export interface SchemaDump {
  sql: string;
  /** e.g. "pg_dump 18.3 (bundled)" or "pg_dump 17.2 (native)" */
  tool: string;
}

export interface DumpOptions extends DumpArguments {
  choice: PgDumpChoice;
  /** As server_version_num says it, e.g. 150018. */
  serverVersion: number;
  signal?: AbortSignal;
}

/**
 * Dumps the schema, without rows. Two dumps of one state are equal byte for byte, whichever program wrote them.
 * With `snapshotId` (from pg_export_snapshot() in a transaction that the caller holds open) it sees what that
 * transaction sees. `lockWaitMs` is in milliseconds. Throws a Problem when the role may not read a table, when a lock is
 * not given in time, and when no pg_dump is new enough for the server.
 */
export const dumpSchema = async (settings: ConnectionSettings, options: DumpOptions): Promise<SchemaDump> => {
  const program = await choosePgDump(options.choice, Math.floor(options.serverVersion / 10_000), findNative);
  const kind = program === 'bundled' ? 'bundled' : 'native';
  const args = dumpArguments(options);

  const run = await (program === 'bundled'
    ? runBundled(settings, args, options.signal)
    : runNative(program, settings, args, options.signal)
  ).catch((error: unknown) => {
    if (error instanceof Problem || options.signal?.aborted) throw error;
    throw failed('dump_failed', `The schema cannot be dumped: ${error instanceof Error ? error.message : String(error)}.`, {
      state: 'The target was only read; nothing was changed.',
      next: 'Check that the target can be reached, then run the command again.',
      cause: error,
    });
  });

  if (run.sql === undefined) throw dumpProblem(run, `pg_dump (${kind})`);
  if (run.lostLine) throw lostLineProblem();
  const { sql, version } = cleanDump(run.sql);
  return { sql, tool: `pg_dump ${version} (${kind})` };
};
