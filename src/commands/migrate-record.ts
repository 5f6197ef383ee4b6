import type { Context } from '../context.ts';
import { failed } from '../errors.ts';
import { recordApplied, recordRun } from '../history/history.ts';
import type { PutBackReport } from '../kept/put-back.ts';
import type { KeepData } from '../kept/run.ts';
import { historyStatements } from '../migration/statements.ts';
import { changesBetween } from '../report/changes.ts';
import { passes, testedOf, type SmokeResult } from '../smoke/result.ts';
import type { Facts } from '../snapshot/facts.ts';
import { snapshotId } from '../snapshot/manifest.ts';
import { keepInTarget } from '../snapshot/store.ts';
import { environmentName } from '../target/target.ts';
import type { TargetSession } from '../target/session.ts';
import { toolVersion } from '../version.ts';
import type { Prepared } from './migrate-prepare.ts';

/** What came of carrying a migration out. */
export interface Work {
  facts: Facts;
  /** None where the state was judged without it. */
  check: string | undefined;
  runId: string;
  test: SmokeResult | undefined;
  /** The rollback file's, as it was recorded. */
  rollbackText: string | undefined;
  /** What came of rows that an earlier rollback had kept. */
  returned: PutBackReport[];
}

/** A migration on its way: what was prepared, and when it began. */
export interface RunInput {
  context: Context;
  session: TargetSession;
  prepared: Prepared;
  startedAt: Date;
  started: number;
  keepData: KeepData;
  /** Why it is applied outside of every deployment window. */
  override: string | undefined;
}

/** Writes the row of the run, and the CLI's row; where the run is only begun (`unrecorded`), the snapshot before in its place. Gives the run's id. */
export async function record(
  { session, prepared, context, startedAt, started, keepData, override }: RunInput,
  work: { facts: Facts; test: SmokeResult | undefined; status: string; xid: string | undefined; unrecorded?: boolean },
): Promise<string> {
  const { client } = session;
  const { migration, manifest, rehearsal, before, provenance } = prepared;
  if (work.unrecorded) await keepInTarget(client, manifest!, before, before);
  if (!work.unrecorded && !(await recordApplied(client, historyRow(prepared), work.xid))) {
    throw failed('transaction_control', `${migration.label} ended the transaction that was to make it safe.`, {
      state: `It is not recorded as applied; look at what it left: npx supasnap status`,
      next: 'Take COMMIT and ROLLBACK out of the file, and out of procedures that it calls.',
    });
  }
  return recordRun(client, {
    kind: 'migrate',
    status: work.status,
    version: migration.name.version,
    name: migration.name.name,
    fileSha256: migration.sha256,
    statements: migration.history,
    undone: null,
    restored: null,
    snapshotBefore: snapshotId(manifest!),
    snapshotAfter: null,
    rollbackSql: prepared.rollbackText ?? null,
    proof: rehearsal.proof,
    changes: changesBetween(before.facts, work.facts),
    tested: testedOf(work.test),
    progress: keepData === 'never' ? { keeps: 'never' } : null,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - started),
    environment: environmentName(session.target, context.config.settings.environment),
    overrideReason: override ?? null,
    who: provenance.who,
    gitCommit: provenance.gitCommit,
    toolVersion,
  });
}

export const historyRow = ({ migration, rollbackText }: Prepared) => ({
  version: migration.name.version,
  name: migration.name.name,
  statements: migration.history,
  rollback: rollbackText === undefined ? [] : historyStatements(rollbackText),
});

/** `limit`: how many milliseconds a statement of it could take, where that was less than test_timeout. */
export const testFailed = (test: SmokeResult, state: string, limit?: number) =>
  failed('test_failed', `The smoke test of ${test.version} failed, so the migration was not kept.`, {
    ...testFailure(test),
    ...(limit && (test.problem?.cause as { code?: string } | undefined)?.code === '57014'
      ? {
          detail: [
            ...testFailure(test).detail,
            `While it runs, locks of the migration keep others waiting (logins, perhaps), so each of its statements has ${limit} ms: lock_timeout.`,
          ],
        }
      : {}),
    state,
    next: `Correct the migration or ${test.file}, then run the same command again.`,
  });

/** Where and how a test failed, for a Problem. */
export const testFailure = (test: SmokeResult) => ({
  place: test.problem?.place,
  detail: [
    ...(test.problem ? [test.problem.message, ...test.problem.detail] : []),
    ...test.checks.filter((check) => !passes(check)).map(({ name, detail }) => `FAIL  ${name}${detail ? `: ${detail}` : ''}`),
  ],
});
