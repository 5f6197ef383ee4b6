import { join } from 'node:path';
import type { Advice, Advisers } from '../advice/adviser.ts';
import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import type { Journal } from '../history/journal.ts';
import type { Hazard } from '../migration/hazards.ts';
import { snapshotName } from '../migration/file-name.ts';
import type { Migration } from '../migration/read.ts';
import type { Provenance } from '../project.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import { loadSmokeTest, type LoadedTest } from '../smoke/load-test.ts';
import { snapshotId, type Manifest } from '../snapshot/manifest.ts';
import type { CapturedState } from '../snapshot/state.ts';
import type { StoredSnapshot } from '../snapshot/store.ts';
import { findSecretsInFile } from '../snapshot/secrets.ts';
import { writeSnapshot, type Present } from '../snapshot/take.ts';
import type { TargetSession } from '../target/session.ts';
import type { RowsRehearsed } from '../transition/rehearse-rows.ts';
import { rehearse, type Rehearsal } from '../transition/rehearse.ts';
import { describeProof, readHandWritten, renderRollbackFile, writeRollbackFile } from '../transition/rollback-file.ts';
import { migrationScript, type Script } from '../transition/script.ts';
import { changedSecrets, unrecoverable } from '../planner/unrecoverable.ts';
import type { Effects } from '../kept/effects.ts';
import { keepCost, refuseTooMuch, totalBytes, type KeepCost } from '../kept/cost.ts';
import { showAdvice } from './advice.ts';
import { changesInWords } from '../platform-rows/foretell.ts';
import { below } from './present.ts';
import { passRights } from './rights.ts';
import { passSecrets } from './secrets.ts';
import { count, size } from './text.ts';
import type { MigrateOptions } from './migrate-options.ts';

/** A migration that is ready to be applied: everything that is decided before the target is touched. */
export interface Prepared {
  migration: Migration & { label: string };
  script: Script;
  before: CapturedState;
  manifest: Manifest | undefined;
  known: StoredSnapshot[];
  applied: { version: string; name: string | null }[];
  rehearsal: Rehearsal;
  /** The rollback file's text, and its path below the working folder. */
  rollbackText: string | undefined;
  /** The same for other effects on rows than the rehearsal saw. */
  rollbackTextFor: (effects: Effects) => string | undefined;
  rollbackPath: string;
  handWritten: boolean;
  /** Whether rows and values that the migration destroys are copied first. */
  keepsRows: boolean;
  /** What is copied, at most. */
  toKeep: KeepCost[];
  test: LoadedTest | undefined;
  provenance: Provenance;
  journal: Journal | undefined;
  /** What the platform's advisors say; undefined where they are not asked. */
  advice: Advice | undefined;
}

export interface PrepareInput {
  migration: Migration & { label: string };
  present: Present;
  applied: { version: string; name: string | null }[];
  known: StoredSnapshot[];
  hazards: Hazard[];
  useShadow: UseShadow;
  advisers?: Advisers | undefined;
  provenance: Provenance;
  /** None in a dry run. */
  journal?: Journal;
}

/** Takes the snapshot before, rehearses forward and back, and writes the rollback file. A dry run writes nothing. */
export async function prepareMigration(
  context: Context,
  session: TargetSession,
  options: MigrateOptions,
  input: PrepareInput,
): Promise<Prepared> {
  const { config, report } = context;
  const { migration, known, applied, provenance } = input;
  const { state } = input.present;
  const script = migrationScript(migration, migration.label);
  for (const note of [...migration.notes, ...script.execution.notes]) report.note(note);
  if (options.keepData !== 'never') refuseUnkept(script, session.target.name);
  const test = await loadSmokeTest(config.workdir, config.folders.tests, migration.name.label);

  const anyway = (options.allowUnproven ?? false) || (options.dryRun ?? false);
  await passRights(context, session, { migration: migration.label, statements: migration.statements }, anyway);
  await passSecrets(context, session, options, { ...input.present, known }, findSecretsInFile(migration.statements));

  let manifest: Manifest | undefined;
  if (!options.dryRun) {
    const name = snapshotName(migration.name.label, migration.name.version);
    manifest = await writeSnapshot(config.folders.snapshots, known, state, {
      name,
      takenAt: context.now(),
      serverVersion: session.server.version,
      database: session.target.settings.database,
      applied,
      provenance,
    });
    await input.journal?.phase('snapshotted');
    report.step(`Snapshot ${snapshotId(manifest)} (${below(context, join(config.folders.snapshots, `${snapshotId(manifest)}.sql`))})`);
  }

  const path = join(config.folders.rollback, `${migration.name.version}_rollback.sql`);
  const handWritten = await readHandWritten(path);
  report.step(`Rehearsing ${migration.label} …`);
  const adviser = input.advisers?.of(state);
  const rehearsal = await input.useShadow(state, (shadow) =>
    rehearse(shadow, state, {
      version: migration.name.version,
      script,
      ...(handWritten === undefined ? {} : { handWritten: { file: below(context, path), text: handWritten } }),
      serverVersionNum: session.server.versionNum,
      pgDump: options.pgDump ?? config.settings.pgDump,
      timeouts: config.settings,
      adviser,
    }),
  );
  await passRights(context, session, { backOf: migration.label, statements: rehearsal.rollback?.script.statements ?? [] }, anyway);
  const keepsRows = options.keepData !== 'never';
  const toKeep = keepsRows ? await keepCost(session.client, [rehearsal.effects, ...rehearsal.stepEffects]) : [];
  if (options.keepData !== 'always')
    refuseTooMuch(toKeep, config.settings.keepLimitBytes, `Nothing was changed on ${session.target.name}.`);
  const rollbackTextFor = (effects: Effects) => handWritten ?? rollbackFile(input, script, state, rehearsal, keepsRows, effects);
  const rollbackText = rollbackTextFor(rehearsal.effects);
  if (!options.dryRun && handWritten === undefined && rollbackText !== undefined && rehearsal.proof.proven)
    await writeRollbackFile(path, rollbackText);
  await input.journal?.phase('rehearsed');
  return {
    migration,
    script,
    before: state,
    manifest,
    known,
    applied,
    rehearsal,
    rollbackText,
    rollbackTextFor,
    rollbackPath: below(context, path),
    handWritten: handWritten !== undefined,
    keepsRows,
    toKeep,
    test,
    provenance,
    journal: input.journal,
    advice: adviser?.advice(),
  };
}

/** Code that commits by itself: no copy could be taken in its transactions. */
function refuseUnkept({ execution }: Script, target: string): void {
  if (execution.mode !== 'outside') return;
  const steps = execution.steps.flatMap((step) => (step.kind === 'alone' ? [{ reason: step.reason, ...step.batch.statements[0]! }] : []));
  const code = steps.find(({ node }) => 'DoStmt' in node || 'CallStmt' in node);
  if (!code) return;
  throw refused(
    'cannot_keep',
    `${code.where.replace(/^l/, 'L')} runs code that commits by itself, so rows that it changes or removes could not be kept.`,
    {
      detail: [`${code.reason}.`],
      state: `Nothing was changed on ${target}.`,
      next: 'Take the COMMIT (or transaction=off) out, so that it runs in a transaction. Or let those rows go for good: the same command with --keep-data never.',
    },
  );
}

function rollbackFile(
  { migration, hazards }: PrepareInput,
  script: Script,
  state: CapturedState,
  rehearsal: Rehearsal,
  keepsRows: boolean,
  effects: Effects,
): string | undefined {
  const { rollback, proof, platform } = rehearsal;
  if (!rollback) return undefined;
  return renderRollbackFile(rollback.sourceFor?.(effects) ?? rollback.source, {
    migration: migration.name.fileName,
    version: migration.name.version,
    before: state.sha256,
    proof,
    rows: rollback.sourceFor
      ? 'run by hand, this file puts back what the migration destroyed and keeps what it removes, as "npx supasnap rollback" does, but that it takes no snapshot.'
      : keepsRows
        ? '"npx supasnap rollback" puts back what the migration destroyed and keeps what this removes. Run by hand, this file restores the schema alone.'
        : undefined,
    cannotBringBack: [
      ...notAsItWas(script, rehearsal),
      ...(platform ? changesInWords(platform) : []).map((what) => `it ${what}: "npx supasnap rollback" alone undoes that`),
      ...cannotBringBack(keepsRows ? [] : hazards, rollback.plan?.statements.flatMap(({ returns }) => returns) ?? []),
    ],
  });
}

/** What PostgreSQL can't take back, and secrets that no snapshot holds. */
const notAsItWas = ({ statements }: Script, { rollback, stays = [] }: Rehearsal): string[] => [
  ...stays,
  ...changedSecrets(statements),
  ...unrecoverable(rollback?.script.statements.map(({ text }) => text) ?? []),
];

const cannotBringBack = (hazards: Hazard[], returned: string[]): string[] => [
  ...hazards
    .filter(({ severity, returns }) => severity !== 'low' && !returns)
    .map(({ where, what, loses }) => `${where} ${what}: ${loses}`),
  ...returned.map((column) => `the place of ${column}: it will stand last in its table`),
];

/** Shows what the migration destroys, what the rollback does, and whether it is proven. */
export function showPlan(context: Context, prepared: Prepared, hazards: Hazard[]): void {
  const { report } = context;
  const { rehearsal, handWritten, rollbackPath, keepsRows } = prepared;
  for (const { where, what, loses, severity, returns } of hazards) {
    const who = where.replace(/^l/, 'L');
    if (severity === 'low') report.note(`${who} ${what}.`);
    else if (returns)
      report.warn(`${who} ${what}: ${loses.startsWith('nothing, but ') ? loses.slice('nothing, but '.length) : `gone is ${loses}`}.`);
    else report.warn(`${who} ${what}; ${keepsRows ? 'kept for the way back' : 'lost'}: ${loses}.`);
  }
  const filled = prepared.toKeep.filter(({ rows }) => rows > 0);
  if (filled.length > 0) report.step(`Keeps ${keptInWords(filled)}.`);
  for (const line of notAsItWas(prepared.script, rehearsal)) report.warn(`When it is rolled back: ${line}`);
  if (rehearsal.proof.proven) report.step(`Rollback proven: ${describeProof(rehearsal.proof)}`);
  else report.warn(`Rollback not proven on ${rehearsal.proof.shadow}: ${rehearsal.proof.reason}.`);
  const platform = rehearsal.platform ? changesInWords(rehearsal.platform) : [];
  if (platform.length > 0) report.step(`It ${platform.join(', ')}; "npx supasnap rollback" undoes that too.`);
  if (rehearsal.withoutParents)
    report.note(
      'Rows that it inserts refer to rows of the target, which the shadow does not hold: foreign keys are checked on the target.',
    );
  tellRows(context, rehearsal.rows);
  showAdvice(context, prepared.advice);
  if (!rehearsal.rollback) return;
  const statements = count(rehearsal.rollback.script.statements.length, 'statement');
  const { proven } = rehearsal.proof;
  if (handWritten) report.step(`Rollback: ${rollbackPath} (written by hand)`);
  else if (!proven || !prepared.manifest)
    report.step(`Rollback: ${statements}; ${rollbackPath} is not written${proven ? ' in a dry run' : ', for it is not proven'}.`);
  else {
    report.step(`Rollback: ${rollbackPath} (${statements})`);
    if (filled.length > 0 && !rehearsal.rollback.sourceFor)
      report.note('Run by hand, that file restores the schema alone; "npx supasnap rollback" puts the rows back too.');
  }
}

function tellRows({ report }: Context, rows: RowsRehearsed | undefined): void {
  if (!rows || 'refused' in rows) return;
  if ('untried' in rows) report.note(`Made-up rows could not be rehearsed: ${rows.untried}.`);
  else if (rows.changed.length === 0 && rows.tables > 0)
    report.step(`Made-up rows of ${count(rows.tables, 'table')} went forward and came back as they were.`);
  if ('unfilled' in rows)
    for (const { table, reason } of rows.unfilled) report.note(`No made-up rows for ${table.replaceAll(/"(\w+)"/g, '$1')}: ${reason}.`);
}

/** Copying is reckoned at 100 MB a second; what is copied beyond the doomed columns is let go again. */
function keptInWords(costs: KeepCost[]): string {
  const tables = costs
    .slice(0, 5)
    .map(
      ({ table, rows, estimated, bytes }) =>
        `${table.replaceAll(/"(\w+)"/g, '$1')} (${estimated ? 'about ' : ''}${count(rows, 'row')}, up to ${size(bytes)})`,
    );
  const more = costs.length > 5 ? ` and ${count(costs.length - 5, 'more table')}` : '';
  const expected = Math.round(totalBytes(costs) / 100_000_000);
  return `${tables.join(', ')}${more}${expected > 0 ? `; expect about ${expected} s in which others wait to write there` : ''}`;
}
