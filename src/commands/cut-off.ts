import { rm } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { Problem } from '../errors.ts';
import {
  identifyTarget,
  readJournals,
  withJournal,
  type FoundJournal,
  type Journal,
  type JournalEntry,
  type Phase,
} from '../history/journal.ts';
import { removeHalfWritten } from '../atomic-file.ts';
import type { TargetSession } from '../target/session.ts';
import { readPast, readRunner, unfinishedRuns, type Past } from './status-runs.ts';

/** Journals a run that is about to be planned, with the runner's lock. `resumed` is the number of the run that it goes on with. */
export async function journalled<T>(
  { config, now }: Context,
  { client, target }: TargetSession,
  run: Pick<JournalEntry, 'kind' | 'what' | 'version'> & { resumed?: string },
  use: (journal: Journal) => Promise<T>,
): Promise<T> {
  const { resumed, ...words } = run;
  const { host, database } = target.settings;
  const since = resumed === undefined ? Number((await readPast(client)).runs.at(-1)?.id ?? 0) : Number(resumed) - 1;
  const entry = { ...words, since, target: await identifyTarget(client, target.settings), host, database, startedAt: now().toISOString() };
  let touched = false;
  try {
    return await withJournal(config.folders.snapshots, entry, ({ phase }) =>
      use({
        phase: async (name) => {
          await phase(name);
          touched ||= name === 'applying';
        },
      }),
    );
  } catch (error) {
    throw touched || !(error instanceof Problem) || error.state
      ? error
      : new Problem(error.exitCode, error.code, error.message, {
          ...error,
          state: `Nothing was changed on ${target.name}.`,
          cause: error.cause,
        });
  }
}

/**
 * Clears what an earlier command left that was killed: files that are half written, and journals of runs on this target, of which it tells
 * when they were cut off, what became of them, and what to do. While a run is at work its journal stays.
 */
export async function tellCutOff(context: Context, { client, target }: TargetSession): Promise<void> {
  const { folders } = context.config;
  await removeHalfWritten([folders.snapshots, folders.rollback, folders.docs, folders.migrations, folders.tests]);
  const journals = await readJournals(folders.snapshots, () => identifyTarget(client, target.settings));
  if (journals.length === 0 || (await readRunner(client)) !== undefined) return;
  const past = await readPast(client);
  for (const journal of journals) {
    context.report.warn(describeCutOff(journal, past, target.name));
    await rm(journal.path, { force: true });
  }
}

/** One paragraph. `past` is that of the target as it is now. */
export function describeCutOff(journal: FoundJournal, past: Past, target: string): string {
  const { kind, what, phase, at, startedAt, machine, pid } = journal;
  const told = `An earlier ${kind} (${what}), begun ${time(startedAt)} by process ${pid} on ${machine}, was cut off ${when[phase]} (${time(at)}).`;
  return `${told} ${whatCameOfIt(journal, past, target)}`;
}

function whatCameOfIt({ kind, version, since }: FoundJournal, past: Past, target: string): string {
  const run = past.runs.findLast((one) => one.kind === kind && one.version === version && Number(one.id) > since);
  if (!run) return `Nothing of it was committed on ${target}. To do it, run the same command again.`;
  const open = unfinishedRuns(past, undefined).find(({ id }) => id === run.id);
  if (open) return `On ${target}: ${lowerFirst(open.state)} ${open.next}`;
  if (run.status === 'failed' || run.status === 'undone')
    return `Nothing of it is left on ${target}. To do it, run the same command again.`;
  return `It is ${kind === 'migrate' ? 'applied' : 'rolled back'} and recorded on ${target}. Nothing has to be mended.`;
}

const when: Record<Phase, string> = {
  planned: 'while it read and planned',
  snapshotted: 'after its snapshot, in the rehearsal',
  rehearsed: 'after the rehearsal, before it touched the target',
  applying: 'while it changed the target',
  applied: 'after the change was committed, before the snapshot after was taken',
  verified: 'after the snapshot after was taken, before it was recorded',
  recorded: 'at its very end',
};

const time = (iso: string) => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
