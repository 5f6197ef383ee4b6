import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { isTakenOver, type History, type Run } from '../history/history.ts';
import { platformHazards } from '../migration/platform-hazards.ts';
import { namesOf } from '../platform-rows/restore.ts';
import { unrecoverable } from '../planner/unrecoverable.ts';
import type { Step } from '../transition/way-back.ts';
import { platformInWords } from './present.ts';
import { changesBetween, listChanges } from '../report/changes.ts';
import type { Removal } from './rollback-removals.ts';
import type { RollbackOptions } from './rollback.ts';
import type { PreparedRollback } from './rollback-prepare.ts';

/** Tells what the rollback does, what does not come back, and whether it is proven. */
export function showRollback(
  context: Context,
  options: RollbackOptions,
  { way, goal, goalState, missing, platform, present, undone, restored, history, remarks }: PreparedRollback,
  removals: Removal[],
): void {
  const { report } = context;
  if (undone.length > 0) report.step(`Undoes: ${undone.join(', ')}`);
  if (restored.length > 0) report.step(`Brings back: ${restored.join(', ')}`);
  const changes = listChanges(changesBetween(present.facts, goalState.facts), 8);
  if (changes.length > 0) report.step(`The schema, once it is back:\n${changes.map((line) => `  ${line}`).join('\n')}`);
  const { inTarget, id, manifest } = goal.snapshot;
  const ofAnother = !inTarget && manifest.rebuilt === undefined;
  if (ofAnother)
    report.note(
      `Snapshot ${id} is of another database (${manifest.database}, PostgreSQL ${manifest.serverVersion}): what users made there is made here. Rows are in no snapshot.`,
    );
  if (remarks.platform.length > 0)
    report.note(
      !ofAnother
        ? platformInWords(remarks.platform)
        : `The platform's own part is another here (${remarks.platform.join(', ')}): left as it is.`,
    );
  for (const text of [...remarks.stays, ...unrecoverable(way.steps.flatMap(({ script }) => script.statements.map(({ text }) => text)))])
    report.warn(text);
  for (const text of [...notKept(history.runs, undone), ...notOurs(history, undone)]) report.warn(text);
  for (const what of platform) report.warn(`${what.replace(/^./, (letter) => letter.toUpperCase())}.`);
  if (missing) report.step(`Makes what the snapshot holds and is not here: ${namesOf(missing).join(', ')}.`);
  for (const statement of way.hazards) report.warn(statement);
  for (const { what, loses } of way.steps.flatMap(({ script }) => script.statements.flatMap(({ node }) => platformHazards(node))))
    report.warn(`The rollback ${what}: gone is ${loses}.`);
  const kept = ranInSteps(history.runs, undone)
    ? 'kept, and back where this rollback is undone; a file that runs in steps does not put it back when it is applied again'
    : 'kept, and put back when it returns';
  const filled = removals.filter(({ rows, estimated }) => rows > 0 || estimated);
  for (const { what, rows, estimated } of filled)
    report.warn(
      `Removes ${what} with ${estimated ? 'about ' : ''}${rows} ${what.startsWith('column') ? 'value' : 'row'}${rows === 1 ? '' : 's'}; ${options.keepData === 'never' ? 'gone for good (--keep-data never)' : kept}.`,
    );
  if (removals.length > filled.length) report.note(`Removed and empty: ${removals.length - filled.length} tables or columns.`);
  for (const column of returningColumns(way.steps)) report.note(`${column} returns, standing last in its table.`);
  const count = way.steps.reduce((sum, { script }) => sum + script.statements.length, 0);
  if (count === 0) report.step(`The schema is already ${goal.what}${way.steps.length > 0 ? '; what is left is rows and history' : ''}.`);
  else if (way.proof.proven)
    report.step(`Proven on ${way.proof.shadow}: ${count} statements lead back, judged by ${way.proof.by.join(' and by ')}.`);
  else report.warn(`Not proven on ${way.proof.shadow}: ${way.proof.reason}.`);
}

/** Whether one of them ran outside a transaction. */
const ranInSteps = (runs: Run[], undone: string[]): boolean =>
  runs.some(
    ({ kind, version, progress }) =>
      kind === 'migrate' && undone.includes(version!) && (progress as { of?: number } | null)?.of !== undefined,
  );

/** Migrations whose destroyed rows are in no copy: what they took away does not come back. */
const notKept = (runs: Run[], undone: string[]): string[] =>
  undone.flatMap((version) => {
    const last = runs.filter((run) => run.version === version || run.restored?.includes(version)).at(-1);
    const keeps = (last?.progress as { keeps?: string } | null | undefined)?.keeps;
    if (keeps === 'never') return [`${version} was applied with --keep-data never: rows and values that it took away do not come back.`];
    return keeps === 'pruned' ? [`Copies of ${version} were pruned: rows and values in them do not come back.`] : [];
  });

/** Migrations that another tool applied: nothing of what they did to rows is known. */
const notOurs = ({ applied, runs }: History, undone: string[]): string[] =>
  undone.flatMap((version) => {
    const last = runs.findLast((run) => run.version === version || run.undone?.includes(version) || run.restored?.includes(version));
    if (last && !last.undone?.includes(version) && !isTakenOver(last)) return [];
    const row = applied.find((one) => one.version === version);
    return row
      ? [
          `${[version, row.name].filter(Boolean).join('_')} was applied by another tool: rows and values that it took away were not kept and do not come back. Rows that it added or changed stay as they are now, where their tables stay.`,
        ]
      : [];
  });

/** Columns that are added to tables which no step makes. */
function returningColumns(steps: Step[]): string[] {
  const text = steps.map(({ script }) => script.text).join('\n');
  const made = new Set([...text.matchAll(/^CREATE (?:UNLOGGED )?TABLE ("(?:[^"]|"")*"\."(?:[^"]|"")*")/gm)].map((match) => match[1]));
  return [...text.matchAll(/^ALTER TABLE ("(?:[^"]|"")*"\."(?:[^"]|"")*") ADD COLUMN ("(?:[^"]|"")*")/gm)]
    .filter((match) => !made.has(match[1]))
    .map((match) => `column ${match[1]}.${match[2]}`.replaceAll(/"(\w+)"/g, '$1'));
}

export function notProven({ way, goal, undone, history: { runs } }: PreparedRollback, target: string) {
  const files = way.steps.filter(({ byHand }) => byHand).map(({ script }) => script.file);
  const away = runs.some((run) => undone.includes(run.version!) && isTakenOver(run))
    ? ', or move what came from another tool away and a way back is planned'
    : '';
  return refused('not_proven', `The way to ${goal.what} could not be proven: ${way.proof.reason}.`, {
    detail: way.proof.differences.slice(0, 20),
    state: `Nothing was changed on ${target}.`,
    next: `${files.length > 0 ? `Correct ${files.join(', ')}${away}. Or choose` : 'Choose'} another snapshot (npx supasnap rollback --list), or go there unproven with --allow-unproven; the present is kept as a snapshot first.`,
  });
}
