import { relative } from 'node:path';
import type { Context } from '../context.ts';
import type { CaptureOptions } from '../snapshot/state.ts';
import type { TargetSession } from '../target/session.ts';
import type { MigrateOptions } from './migrate-options.ts';

/** How the state of the target is captured, from the settings and the flags. */
export const captureOptions = (context: Context, session: TargetSession, options: Pick<MigrateOptions, 'pgDump'>): CaptureOptions => ({
  pgDump: options.pgDump ?? context.config.settings.pgDump,
  serverVersionNum: session.server.versionNum,
  lockWaitMs: Math.max(context.config.settings.lockTimeoutMs, 10_000),
});

export function showDrift(context: Context, drift: string[], since: string): void {
  context.report.warn(`The database was changed by other means since snapshot ${since}:`);
  const minor = (line: string) => Number(/^\w+( longer)?: (grants|default privileges|comment) /.test(line));
  for (const line of [...drift].sort((a, b) => minor(a) - minor(b)).slice(0, 10)) context.report.warn(`  ${line}`);
  if (drift.length > 10) context.report.warn(`  … and ${drift.length - 10} more`);
}

/** "The platform changed its own schema auth since: left as it is." */
export const platformInWords = (changed: string[]): string =>
  `The platform changed ${changed.map((what) => (what.startsWith('its ') ? what : `its own ${what}`)).join(', ')} since: left as it is.`;

/** A path as it is shown: below the working folder. */
export const below = (context: Context, path: string) => relative(context.config.workdir, path);
