import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { readHistory } from '../history/history.ts';
import { freshFrom, type ReadFresh } from '../shadow/fresh.ts';
import { withShadows, type UseShadow } from '../shadow/shadows.ts';
import { requireWritable } from '../atomic-file.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import { withRunnerLock } from '../target/lock.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { adoptBaseline } from './adopt-baseline.ts';
import { adoptHistory } from './adopt-history.ts';
import { requireName } from './confirm.ts';
import { tellCutOff } from './cut-off.ts';
import { captureOptions } from './present.ts';

/** What `adopt` can be told. Times are milliseconds. */
export interface AdoptOptions {
  /** The version of the baseline, such as v1.0.0 (default v0.1.0). */
  version?: string;
  /** What it is called, in a word or more (default baseline). */
  description?: string;
  /** Show the baseline, change nothing. */
  dryRun?: boolean;
  /** Adopt although the baseline could not be proven equal. */
  allowUnproven?: boolean;
  lockWaitMs?: number;
  pgDump?: PgDumpChoice;
  /** An empty database to prove it in, or a function that gives a shadow. */
  shadow?: ConnectionSettings | UseShadow;
  /** How a fresh project is read; none: from an embedded server of its own. */
  fresh?: ReadFresh;
}

export interface AdoptResult {
  target: string;
  /** False where there was nothing to do, and in a dry run. */
  changed: boolean;
  /** The baseline: its path below the working folder and its text; none where a history was there already. */
  baseline?: { file: string; text: string; proven: boolean };
  /** The snapshot of the present state. */
  snapshot?: string;
  /** Snapshots of states before migrations that another tool applied, oldest first. */
  rebuilt: string[];
}

/** Everything that both ways of adopting need. */
export interface Adopting {
  context: Context;
  session: TargetSession;
  options: AdoptOptions;
  useShadow: UseShadow;
  fresh: ReadFresh;
}

/**
 * Takes a database as it is. Without history: writes a baseline, proves on a shadow that it makes the same of a fresh project, and records it as
 * applied. With a history: rebuilds the snapshots that lack, so that what another tool applied can be rolled back. Throws a Problem: exit 3 when
 * a guard refused, 1 when it failed and nothing changed, 4 when something changed and needs a look.
 */
export function adopt(context: Context, options: AdoptOptions = {}): Promise<AdoptResult> {
  const { config, report } = context;
  return withTarget(context, async (session) => {
    await tellCutOff(context, session);
    if (!options.dryRun) {
      requireName(context, session.target);
      await requireWritable([config.folders.migrations, config.folders.snapshots, config.folders.docs]);
    }
    return withRunnerLock(session.client, options.lockWaitMs ?? config.settings.lockWaitMs, report, () => {
      const fresh = options.fresh ?? freshFrom(config, session.server.major, captureOptions(context, session, options));
      const shadowOptions = { config, target: session.target, major: session.server.major, url: options.shadow, note: report.note };
      return withShadows(shadowOptions, async (useShadow) => {
        const adopting = { context, session, options, useShadow, fresh };
        const history = await readHistory(session.client);
        if (history.applied.length > 0) return adoptHistory(adopting, history);
        if (history.runs.length > 0) throw hasRuns(session.target.name);
        return adoptBaseline(adopting);
      });
    });
  });
}

const hasRuns = (target: string) =>
  refused('already_applied', `${target} has a history already, in which nothing is applied (any more).`, {
    state: 'Nothing was changed.',
    next: 'See what it says: npx supasnap status. What was applied and has lost its row: npx supasnap repair --applied <version>',
  });
