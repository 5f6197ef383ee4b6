import type { Context } from '../context.ts';
import { exitCodes, Problem } from '../errors.ts';
import type { TargetSession } from '../target/session.ts';
import { requireName } from './confirm.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { promotionRefusals, type Candidate } from './promotion.ts';
import { readReason, windowRefusal } from './window.ts';

/**
 * What an environment asks for before anything is touched or rehearsed: its name, an open window, and that the files were applied and
 * tested where it requires. All that is missing is told together. A dry run is told too, and goes on.
 */
export async function passGate(context: Context, session: TargetSession, options: MigrateOptions, candidates: Candidate[]): Promise<void> {
  const { target } = session;
  const reason = readReason(options.override);
  if (!options.dryRun) requireName(context, target);
  const state = `Nothing was changed on ${target.name}.`;
  const closed = await windowRefusal(session, state);
  if (reason !== undefined && !closed)
    context.report.note('No closed deployment window stands in the way: the reason of --override is not needed, and not recorded.');
  const refusals = [
    ...(closed && (reason === undefined || options.dryRun) ? [closed] : []),
    ...(await promotionRefusals(context, target, candidates)),
  ];
  if (options.dryRun) {
    for (const { message, detail } of refusals) context.report.warn(`${message} ${detail.join(' ')}`.trim());
    return;
  }
  const [first, ...rest] = refusals;
  if (!first) return;
  throw new Problem(exitCodes.refused, first.code, first.message, {
    detail: [...first.detail, ...rest.flatMap(({ message, detail }) => [message, ...detail])],
    state,
    next: refusals.flatMap(({ next }) => next ?? []).join('\n'),
  });
}

/** Asked again right before a migration is applied: a rehearsal takes time. Gives the reason that is to be recorded. */
export async function passWindow(
  { report }: Context,
  session: TargetSession,
  options: MigrateOptions,
  label: string,
): Promise<string | undefined> {
  const closed = await windowRefusal(session, `${label} was not applied.`);
  if (!closed) return undefined;
  const reason = readReason(options.override);
  if (reason === undefined) throw closed;
  report.warn(`${closed.message} It goes on, and this is recorded: ${reason}`);
  return reason;
}
