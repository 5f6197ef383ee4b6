import type { Run } from './history.ts';

/** How far a migration that is no single transaction has come. */
type Steps = { done?: number; begun?: number } | null;

/**
 * Migrations that stopped between their steps, newest first. `runs` are in the order of their numbers, `applied` what history records: a migration
 * that someone completed by hand and recorded is settled.
 */
export function halfDone<R extends Pick<Run, 'kind' | 'version' | 'status' | 'undone' | 'progress'>>(runs: R[], applied: { version: string }[]): R[] {
  const recorded = new Set(applied.map(({ version }) => version));
  const last = new Map(runs.flatMap((run) => (run.kind === 'migrate' && run.version ? [[run.version, run] as const] : (run.undone ?? []).map((version) => [version, run] as const))));
  return [...last].flatMap(([version, run]) => (run.kind === 'migrate' && isHalfDone(run) && !recorded.has(version) ? [run] : [])).reverse();
}

function isHalfDone({ status, progress }: Pick<Run, 'status' | 'progress'>): boolean {
  const steps = progress as Steps;
  return status === 'applying' || (status === 'failed' && ((steps?.done ?? 0) > 0 || steps?.begun !== undefined));
}
