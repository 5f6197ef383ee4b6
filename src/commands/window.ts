import { isOpen, nextOpening } from '../config/window.ts';
import { refused, usage, type Problem } from '../errors.ts';
import type { TargetSession } from '../target/session.ts';

/** Whether the target may be changed now. */
export interface WindowState {
  open: boolean;
  /** The server's time. */
  now: Date;
  /** When a window opens next; undefined when none does within eight days. */
  opens: Date | undefined;
}

/** Reads the target server's clock: there is one for all machines, and none of theirs can open a window. */
export async function readWindow({ client, target }: TargetSession): Promise<WindowState> {
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now');
  const { now } = rows[0]!;
  const windows = target.environment?.windows ?? [];
  const open = isOpen(windows, now);
  return { open, now, opens: open ? now : nextOpening(windows, now) };
}

/** What speaks against applying something now; undefined when a window is open. */
export async function windowRefusal(session: TargetSession, state: string): Promise<Problem | undefined> {
  if (!session.target.environment?.windows.length) return undefined;
  const { open, now, opens } = await readWindow(session);
  if (open) return undefined;
  const { name, environment } = session.target;
  return refused('outside_window', `The deployment window of ${name} is closed.`, {
    detail: [
      `Windows: ${environment.windows.map(({ text }) => text).join('; ')}`,
      `The server's clock: ${minute(now)}${opens ? `; it opens at ${minute(opens)}` : ''}`,
    ],
    state,
    next: 'Wait until then. If it can\'t wait: --override "<reason>" goes on, and the reason is recorded. Rollbacks are never stopped by a window.',
  });
}

/** The reason of --override, in one line. Throws a usage Problem when it gives none. */
export function readReason(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const reason = given.replace(/\s+/g, ' ').trim();
  if (/\p{L}/u.test(reason) && !reason.startsWith('-') && !/\.sql$/i.test(reason)) return reason.slice(0, 500);
  throw usage('wrong_arguments', `--override takes a reason in words${reason === '' ? '' : `, not "${reason}"`}.`, {
    state: 'Nothing was changed.',
    next: 'Write it as --override "the disk fills up, and the index must go".',
  });
}

/** "2026-01-31 02:00 UTC". */
export const minute = (moment: Date): string => `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
