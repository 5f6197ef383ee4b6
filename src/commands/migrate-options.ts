import type { AdviceLevel } from '../config/settings.ts';
import type { KeepData } from '../kept/run.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import type { UseShadow } from '../shadow/shadows.ts';
import type { PgDumpChoice } from '../snapshot/pg-dump/dump.ts';

/** What `migrate` can be told. Times are milliseconds. */
export interface MigrateOptions {
  /** Paths or names of migrations; none means all that are pending. */
  files?: string[];
  /** Apply files older than the newest applied one too. */
  includeAll?: boolean;
  /** Go on although an applied file was edited since. */
  allowEdited?: boolean;
  /** Apply a migration whose rollback could not be proven. */
  allowUnproven?: boolean;
  /** Go on with a migration that stopped between its steps; a text is the number of the step to go on with, from 1. */
  resume?: true | string;
  /** Why it is applied although no deployment window is open; it is recorded. */
  override?: string;
  /** From this level on a new finding of the platform's advisors stands against a migration; the setting unless said. */
  failOnAdvice?: 'none' | AdviceLevel;
  /** Rehearse and show, change nothing. */
  dryRun?: boolean;
  /** Whether what goes is kept: `auto` (default) asks above the limit. */
  keepData?: KeepData;
  /** End before anything is written where a snapshot would hold what looks like a secret; default as the setting says. */
  failOnSecrets?: boolean;
  lockWaitMs?: number;
  pgDump?: PgDumpChoice;
  /** An empty database to rehearse in, or a function that gives a shadow. */
  shadow?: ConnectionSettings | UseShadow;
}
