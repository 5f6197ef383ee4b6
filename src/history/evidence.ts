import type { Run } from './history.ts';

/** The columns of a run that tell what came of a migration. */
export type EvidenceRun = Pick<
  Run,
  'kind' | 'status' | 'version' | 'fileSha256' | 'undone' | 'restored' | 'tested' | 'proof' | 'appliedAt'
>;

/** What one database's history knows of a migration file. Times are ISO 8601 in UTC. */
export interface Evidence {
  /** It is applied there now, with exactly this content. */
  applied: boolean;
  appliedAt: string | null;
  /** Its rollback was proven before it was applied. */
  proven: boolean;
  /** Its smoke test passed there. */
  tested: boolean;
  /** What is missing, as the rest of a sentence that begins with the file; null when nothing is. */
  lacks: string | null;
}

const nothing = { applied: false, appliedAt: null, proven: false, tested: false };

/** `versions` are those of the history table, `runs` in the order in which they happened. A file that was rolled back since does not count. */
export function evidenceOf(versions: string[], runs: EvidenceRun[], version: string, sha256: string): Evidence {
  const events = runs.filter((run) =>
    run.kind === 'migrate' ? run.version === version : run.undone?.includes(version) || run.restored?.includes(version),
  );
  const last = events.at(-1);
  const migrate = events.findLast(succeeded);
  if (!versions.includes(version)) return { ...nothing, lacks: notApplied(last, version) };
  if (!migrate || last?.undone?.includes(version))
    return { ...nothing, lacks: 'was applied there by another tool, which records no checksum' };
  if (migrate.fileSha256 !== sha256) return { ...nothing, lacks: `was applied there with another content (on ${day(migrate)})` };
  const tests = [migrate, ...(last !== migrate && last?.tested ? [last] : [])].map(
    ({ tested }) => (tested as { ok?: unknown } | null)?.ok === true,
  );
  const tested = tests.every(Boolean);
  return {
    applied: true,
    appliedAt: migrate.appliedAt,
    proven: (migrate.proof as { proven?: unknown } | null)?.proven === true,
    tested,
    lacks: tested ? null : migrate.tested === null ? 'was applied there without a smoke test' : 'did not pass its smoke test there',
  };
}

const succeeded = (run: EvidenceRun) => run.kind === 'migrate' && ['applied', 'done'].includes(run.status);

function notApplied(last: EvidenceRun | undefined, version: string): string {
  if (last?.undone?.includes(version)) return `was rolled back there on ${day(last)}`;
  if (last && !succeeded(last) && last.kind === 'migrate') return `was begun there on ${day(last)}, and did not come to its end`;
  return last ? 'was taken out of the history there by another tool' : 'was never applied there';
}

const day = ({ appliedAt }: EvidenceRun) => appliedAt.slice(0, 10);
