/**
 * The functions behind the commands, for programs that embed supasnap. Each takes a Context (settings, clock, a way to
 * speak and to ask) and returns a value; what goes wrong is thrown as a Problem with a code and an exit code.
 */
export { migrate, type MigrateResult } from './commands/migrate.ts';
export type { MigrateOptions } from './commands/migrate-options.ts';
export type { AdviceLevel } from './config/settings.ts';
export type { Finding as AdviceFinding } from './advice/finding.ts';
export { rollback, snapshots, type RollbackOptions, type RollbackResult } from './commands/rollback.ts';
export { test, type TestOptions } from './commands/test.ts';
export { status, type Status } from './commands/status.ts';
export { adopt, type AdoptOptions, type AdoptResult } from './commands/adopt.ts';
export { adoptFrom, type AdoptedFrom, type AdoptFromOptions } from './commands/adopt-from.ts';
export { checklist, type Checklist, type ChecklistItem } from './commands/checklist.ts';
export { newFiles, type NewFiles, type NewOptions } from './commands/new.ts';
export { doctor, type Finding } from './commands/doctor.ts';
export { exportKept, type Exported, type ExportOptions } from './commands/kept-export.ts';
export { listKept, type KeptList } from './commands/kept-list.ts';
export { pruneKept, type Pruned, type PruneOptions } from './commands/kept-prune.ts';
export type { KeptCopy } from './kept/copies.ts';
export { releaseKept, type Released } from './commands/kept-release.ts';
export { repair, type Disagreement, type Repaired, type RepairOptions } from './commands/repair.ts';
export { stop, type StoppedServer } from './commands/stop.ts';
export { readConfig, type Config } from './config/config.ts';
export type { Context, Reporter } from './context.ts';
export { errorCodes, type ErrorCode } from './error-codes.ts';
export { exitCodes, Problem, type ExitCode } from './errors.ts';
export { renderProblem } from './render-problem.ts';
