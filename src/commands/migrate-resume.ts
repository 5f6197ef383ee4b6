import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed, refused, usage } from '../errors.ts';
import { halfDone } from '../history/half-done.ts';
import type { Run } from '../history/history.ts';
import { destructiveStatements } from '../migration/hazards.ts';
import { listMigrations, readMigration, type Migration } from '../migration/read.ts';
import type { Step } from '../migration/transaction.ts';
import { nameParts, tableName as nameOf } from '../migration/tree.ts';
import { readProvenance } from '../project.ts';
import { temporaryOf, timeoutsOf, type Timeouts } from '../transition/execute.ts';
import { withShadows } from '../shadow/shadows.ts';
import { quoteName } from '../sql-names.ts';
import { catalogCheck } from '../snapshot/catalog-check.ts';
import { readIdentity } from '../snapshot/identity.ts';
import { readSummary, type CapturedState } from '../snapshot/state.ts';
import { loadSnapshot } from '../snapshot/store.ts';
import type { TargetSession } from '../target/session.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmMigration } from './confirm.ts';
import { journalled } from './cut-off.ts';
import type { MigrateResult } from './migrate.ts';
import { applyMigration } from './migrate-apply.ts';
import type { MigrateOptions } from './migrate-options.ts';
import type { Progress } from './migrate-outside.ts';
import { prepareMigration, showPlan } from './migrate-prepare.ts';
import { below } from './present.ts';
import { readRecords } from './records.ts';
import { updateReport } from './report-history.ts';

/**
 * Goes on with a migration that stopped between its steps: rehearsed once more from the state before it, and checked at its end as if it had
 * not stopped. Called with the runner's lock.
 */
export async function resumeMigration(
  context: Context,
  session: TargetSession,
  given: MigrateOptions,
  result: MigrateResult,
): Promise<void> {
  const { config, report } = context;
  const { client, target } = session;
  const { history, known } = await readRecords(context, session);
  const run = halfDone(history.runs, history.applied).at(0);
  const progress = run?.progress as Progress | null | undefined;
  if (!run || !progress?.of)
    throw usage('cannot_resume', 'There is nothing to go on with: no migration stopped between its steps.', {
      state: `Nothing was changed on ${target.name}.`,
      next: 'npx supasnap status',
    });
  // What was begun without copies goes on so.
  const options: MigrateOptions = {
    ...given,
    ...(given.keepData === undefined && progress.keeps === 'never' ? { keepData: 'never' as const } : {}),
  };
  const migration = await sameFile(context, run);
  const { label } = migration;
  const snapshot = known.find(({ id }) => id === run.snapshotBefore);
  if (!snapshot)
    throw refused('snapshot_missing', `The snapshot ${run.snapshotBefore} of the state before ${migration.label} is gone.`, {
      state: `Nothing was changed on ${target.name}.`,
      next: 'npx supasnap rollback --list',
    });
  const state: CapturedState = {
    ...(await loadSnapshot(client, config.folders.snapshots, snapshot)),
    catalogCheck: await catalogCheck(client),
    identity: await readIdentity(client),
    pgDump: snapshot.manifest.pgDump,
    ...(await readSummary(client)),
  };
  const hazards = destructiveStatements(migration.statements);
  const provenance = await readProvenance(config.workdir);
  await withShadows({ config, target, major: session.server.major, url: options.shadow, note: report.note }, async (useShadow) => {
    const prepared = await prepareMigration(
      context,
      session,
      { ...options, dryRun: true },
      { migration, present: { state, drift: [] }, applied: history.applied, known, hazards, useShadow, provenance },
    );
    showPlan(context, prepared, hazards);
    if (prepared.script.execution.mode !== 'outside')
      throw refused('cannot_resume', `${migration.label} runs in one transaction; it can't have stopped in between.`, {
        state: `Nothing was changed on ${target.name}.`,
        next: 'npx supasnap status',
      });
    const { steps } = prepared.script.execution;
    await setTimeouts(client, timeoutsOf(config.settings, prepared.script));
    const from =
      options.resume === true || options.resume === undefined
        ? await nextStep(client, steps, progress, target.name)
        : stepAsked(options.resume, steps.length);
    const [gone] = temporaryOf(steps.slice(0, from.step));
    if (gone && from.step < steps.length) {
      throw refused('cannot_resume', `It can't go on: ${gone.where} made a temporary table, which went with its session.`, {
        state: `The steps before step ${from.step + 1} are done on ${target.name}; the migration is not recorded as applied.`,
        next: `Go back to the state before it: npx supasnap rollback ${run.snapshotBefore}. Then make it a table that stays, and drop it at the end.`,
      });
    }
    report.step(
      from.step < steps.length
        ? `Goes on with step ${from.step + 1} of ${steps.length}${from.why ? `: ${from.why}` : ''}.`
        : `All ${steps.length} steps are done; what is left is to check and to record it.`,
    );
    await confirmMigration(context, target, `the rest of ${migration.label}`, hazards);
    const { applied } = await journalled(
      context,
      session,
      { kind: 'migrate', what: label, version: migration.name.version, resumed: run.id },
      async (journal) => {
        return knowingWhatCameOfIt(
          session,
          label,
          async () => {
            for (const sql of from.first) await removeIncomplete(client, sql, target.name);
            const applying = await applyMigration(
              context,
              session,
              options,
              { ...prepared, manifest: snapshot.manifest, journal },
              { runId: run.id, from: from.step },
            );
            await updateReport(context, session);
            return applying;
          },
          { resumed: run.id },
        );
      },
    );
    result.applied.push(applied);
  });
}

/** The file as it was when the run began. */
async function sameFile(context: Context, run: Run): Promise<Migration & { label: string }> {
  const { folders } = context.config;
  const found = (await listMigrations(folders.migrations)).migrations.find(({ name }) => name.version === run.version);
  const state = 'Nothing was changed.';
  const back = `go back to the state before it: npx supasnap rollback ${run.snapshotBefore}`;
  if (!found)
    throw refused('file_missing', `The file of ${run.version} is not in ${below(context, folders.migrations)} any more.`, {
      state,
      next: `Put it there again, or ${back}`,
    });
  const label = below(context, found.path);
  const migration = await readMigration(found.path, label, context.config.workdir);
  if (migration.sha256 !== run.fileSha256)
    throw refused('edited', `${label} was edited since it was begun.`, { state, next: `Take the edit back, or ${back}` });
  return { ...migration, label };
}

const setTimeouts = (client: pg.Client, { lockTimeoutMs, statementTimeoutMs }: Timeouts) =>
  client.query(`set lock_timeout = ${lockTimeoutMs}; set statement_timeout = ${statementTimeoutMs}`);

/** What an index that failed left behind. Others that hold old snapshots of the table hold it up, as they held up the index. */
const removeIncomplete = (client: pg.Client, sql: string, target: string) =>
  client.query(sql).catch((error: Error & { code?: string }) => {
    throw failed('sql_failed', `The incomplete index could not be removed: ${error.message} (${error.code}).`, {
      detail: [`${sql};`],
      state: `Nothing was changed on ${target} by this command; the migration is where it was.`,
      next: 'End the transactions that are open on the table (pg_stat_activity shows them), then run: npx supasnap migrate --resume',
      cause: error,
    });
  });

interface Onward {
  step: number;
  /** What to do before that step. */
  first: string[];
  why?: string;
}

function stepAsked(words: string | true, of: number): Onward {
  const step = Number(words);
  if (Number.isInteger(step) && step >= 1 && step <= of) return { step: step - 1, first: [] };
  throw usage('wrong_arguments', `--resume takes the number of a step from 1 to ${of}, not "${words}".`, {
    state: 'Nothing was changed.',
    next: 'Leave the number out to have it found.',
  });
}

/** Where to go on. Of a statement that ran alone, the catalog tells whether it came to its end. */
async function nextStep(client: pg.Client, steps: Step[], { done, begun }: Progress, target: string): Promise<Onward> {
  const step = begun === undefined ? undefined : steps[begun];
  if (step?.kind !== 'alone') return { step: done, first: [] };
  const statement = step.batch.statements[0]!;
  const { node } = statement;
  if ('IndexStmt' in node && node.IndexStmt.idxname) {
    const table = nameOf(node.IndexStmt.relation);
    const index = await readIndex(client, table, node.IndexStmt.idxname);
    if (!index) return { step: done, first: [] };
    if (index.valid) return { step: done + 1, first: [], why: `the index ${index.reach} is complete` };
    return { step: done, first: [`drop index concurrently ${index.reach}`], why: `the incomplete index ${index.reach} goes first` };
  }
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_INDEX') {
    const reach = nameParts(node.DropStmt.objects?.[0]).map(quoteName).join('.');
    const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [reach]);
    return rows[0]!.there ? { step: done, first: [] } : { step: done + 1, first: [], why: `${reach} is gone` };
  }
  if ('ReindexStmt' in node) {
    const left = await readLeftByReindex(client, node.ReindexStmt.relation ? nameOf(node.ReindexStmt.relation) : undefined);
    return {
      step: done,
      first: left.map((reach) => `drop index concurrently ${reach}`),
      ...(left.length > 0 ? { why: `what it left incomplete goes first: ${left.join(', ')}` } : {}),
    };
  }
  if ('VacuumStmt' in node || 'AlterSystemStmt' in node || 'ClusterStmt' in node) return { step: done, first: [] };
  throw refused('cannot_resume', `It can't be told whether step ${done + 1} came to its end: ${statement.text.slice(0, 200)}`, {
    state: `Nothing was changed on ${target}.`,
    next: `Look at the database. Where it is not done: npx supasnap migrate --resume ${done + 1}. Where it is: npx supasnap migrate --resume ${done + 2}`,
  });
}

/** Incomplete indexes that a REINDEX of that table or index left, or of any where none is named. */
async function readLeftByReindex(client: pg.Client, name: string | undefined): Promise<string[]> {
  const { rows } = await client.query<{ reach: string }>(
    `select format('%I.%I', n.nspname, c.relname) as reach from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
       and ($1::text is null or i.indrelid in (to_regclass($1), (select indrelid from pg_index where indexrelid = to_regclass($1)))) order by 1`,
    [name],
  );
  return rows.map(({ reach }) => reach);
}

async function readIndex(client: pg.Client, table: string, name: string): Promise<{ reach: string; valid: boolean } | undefined> {
  const { rows } = await client.query<{ reach: string; valid: boolean }>(
    `select format('%I.%I', n.nspname, c.relname) as reach, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class t on t.oid = i.indrelid join pg_namespace m on m.oid = t.relnamespace where c.relname = $1 and $2 in (t.relname::text, m.nspname || '.' || t.relname)`,
    [name, table],
  );
  return rows[0];
}
