import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Conversion } from '../adopt/convert.ts';
import type { Context } from '../context.ts';
import { attention, refused } from '../errors.ts';
import { recordApplied, recordRun } from '../history/history.ts';
import { historySchema } from '../history/schema.ts';
import { lockKey } from '../target/lock.ts';
import { historyStatements } from '../migration/statements.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { environmentName } from '../target/target.ts';
import type { TargetSession } from '../target/session.ts';
import { toolVersion } from '../version.ts';
import type { AdoptionPlan } from './adopt-from-plan.ts';
import { readRows } from './adopt-from-table.ts';
import { below } from './present.ts';

/** Records all applied migrations in one transaction. The other tool's table is locked and asked once more: it may be at work. */
export async function recordAdopted(context: Context, { client, target }: TargetSession, plan: AdoptionPlan): Promise<void> {
  const state = `Nothing was changed on ${target.name}.`;
  await client.query(`begin; set local lock_timeout = ${context.config.settings.lockTimeoutMs}; select pg_advisory_xact_lock(${lockKey})`);
  try {
    await client.query(historySchema);
    await client.query('lock table supabase_migrations.schema_migrations in share row exclusive mode');
    await client.query(`lock table ${plan.table.sqlName} in share mode`);
    if (!isDeepStrictEqual(await readRows(client, plan.table), plan.table.rows)) {
      throw refused('changed_meanwhile', `${plan.table.label} has changed since it was read: ${plan.tool} is at work.`, {
        state,
        next: 'Wait until it is done, then run the command again.',
      });
    }
    for (const conversion of plan.toRecord) await recordOne(context, { client, target }, plan, conversion);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw (error as { code?: string }).code === '23505'
      ? refused('changed_meanwhile', 'Someone else changed the history meanwhile.', { state, next: 'Run the command again.', cause: error })
      : error;
  }
}

async function recordOne(
  { config, now }: Context,
  { client, target }: Pick<TargetSession, 'client' | 'target'>,
  { tool, table }: AdoptionPlan,
  { version, name, content, rollback, applied }: Conversion,
): Promise<void> {
  const statements = historyStatements(content.toString('utf8'));
  await recordApplied(
    client,
    { version, name, statements, rollback: rollback === undefined ? [] : historyStatements(rollback) },
    undefined,
  );
  const at = applied?.appliedAt ?? now().toISOString();
  await recordRun(
    client,
    {
      kind: 'migrate',
      status: 'done',
      version,
      name,
      fileSha256: createHash('sha256').update(content).digest('hex'),
      statements,
      undone: null,
      restored: null,
      snapshotBefore: null,
      snapshotAfter: null,
      rollbackSql: rollback ?? null,
      proof: null,
      changes: null,
      tested: null,
      progress: { keeps: 'elsewhere', by: tool, table: table.label, ...(applied?.appliedAt ? {} : { undated: true }) },
      startedAt: at,
      durationMs: 0,
      environment: environmentName(target, config.settings.environment),
      overrideReason: null,
      who: applied?.appliedBy ?? null,
      gitCommit: null,
      toolVersion,
    },
    at,
  );
}

/** Writes the files, once history is committed: what fails here can be done again, and migrate would not run what is recorded. */
export async function writeAdopted(context: Context, { target }: TargetSession, { files }: AdoptionPlan): Promise<string[]> {
  const written: string[] = [];
  for (const { path, content } of files) {
    try {
      await writeFileAtomic(path, content, { replace: false });
    } catch (error) {
      const reason = (error as { code?: string }).code === 'EEXIST' ? 'a file of that name has come meanwhile.' : (error as Error).message;
      throw attention('write_failed', `${below(context, path)} was not written: ${reason}`, {
        state: `History on ${target.name} is recorded; ${written.length} of ${files.length} files are written.`,
        next: 'Mend that, then run the same command again: it writes what is missing.',
        cause: error,
      });
    }
    written.push(below(context, path));
  }
  return written;
}
