import { rollback, snapshots } from '../commands/rollback.ts';
import { age, seconds, size } from '../commands/text.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import type { StoredSnapshot } from '../snapshot/store.ts';
import { engineFlags } from './migrate.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  if (flags.list === true) {
    const all = await snapshots(context);
    return { value: all, text: renderList(all, context.now()) };
  }
  if (words.length > 1)
    throw usage('wrong_arguments', 'rollback takes one goal.', { state: 'Nothing was changed.', next: 'npx supasnap rollback <snapshot>' });
  const result = await rollback(context, {
    to: words[0],
    ...(flags.steps === undefined ? {} : { steps: Number(flags.steps) }),
    dryRun: flags.dryRun === true,
    allowUnproven: flags.allowUnproven === true,
    fill: pairs('--fill', flags.fill),
    map: pairs('--map', flags.map),
    without: pairs('--without', flags.without),
    acceptCast: Array.isArray(flags.acceptCast) ? (flags.acceptCast as string[]) : [],
    allowUnmatched: flags.allowUnmatched === true,
    ...engineFlags(context, flags),
  });
  if (!result.changed) {
    const text =
      flags.dryRun === true && result.statements.length > 0
        ? [
            `Dry run: nothing was changed. The way to ${result.goal} is ${result.proven ? 'proven' : 'NOT proven'}:`,
            '',
            ...result.statements.map((sql) => `${sql.trim().replace(/\n(\s*\n){2,}/g, '\n\n')};`),
          ].join('\n')
        : `Nothing to do: ${result.target} is already at ${result.goal}.`;
    return { value: result, text };
  }
  const { done } = result;
  const tested = done?.tested ? `, smoke test passed (${done.tested.passed} checks)` : '';
  return {
    value: result,
    text: `Rolled back to ${result.goal} in ${seconds(done!.durationMs)}${tested}. To undo this: npx supasnap rollback ${done!.snapshotBefore}`,
  };
}

/** How an answer is written. */
const form: Record<string, string> = {
  '--without': 'schema.table=condition',
  '--map': 'type.value=other',
  '--fill': 'schema.table.column=expression',
};

/** "place=value" words as a record; the first = separates. */
function pairs(flag: string, words: unknown): Record<string, string> {
  const list = Array.isArray(words) ? (words as string[]) : [];
  return Object.fromEntries(
    list.map((word) => {
      const at = word.indexOf('=');
      if (at < 1)
        throw usage('wrong_arguments', `${flag} takes name=value, not "${word}".`, {
          state: 'Nothing was changed.',
          next: `Write it as ${flag} "${form[flag]}".`,
        });
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

export function renderList(all: StoredSnapshot[], now: Date): string {
  if (all.length === 0) return 'There are no snapshots yet. The first is taken by: npx supasnap migrate';
  const named = (name: string) => all.filter(({ manifest }) => manifest.name === name).length;
  const rows = all.map(({ id, manifest, inFolder, inTarget }) => [
    // The plain name means the newest of several.
    manifest.copy === 1 && named(manifest.name) > 1 ? `${id}.1` : id,
    manifest.rebuilt ? 'rebuilt' : age(new Date(manifest.takenAt), now),
    manifest.applied.newest?.version ?? 'before any migration',
    size(manifest.databaseBytes),
    inFolder && inTarget ? 'folder and target' : inFolder ? 'folder' : 'target',
  ]);
  const table = [['SNAPSHOT', 'TAKEN', 'NEWEST MIGRATION', 'DATABASE', 'KEPT IN'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const foreign = all.some(({ inTarget }) => inTarget) && all.some(({ inTarget }) => !inTarget);
  return [...lines, ...(foreign ? ['Those in the folder alone are of a run that changed nothing here, or of another database.'] : [])].join(
    '\n',
  );
}
