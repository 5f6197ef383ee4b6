import type { Run } from '../../src/history/history.ts';

/** A run as the history of the example project would have it. */
export const run = (facts: Partial<Run> & { id: string }): Run => ({
  kind: 'migrate',
  status: 'done',
  version: '20251026211500',
  name: 'v0_7_0_baseline',
  fileSha256: null,
  statements: null,
  undone: null,
  restored: null,
  snapshotBefore: 'v0.7.0_20251026211500',
  snapshotAfter: 'v0.7.0_20251026211500_after',
  rollbackSql: 'DROP TABLE minds;',
  proof: { proven: true, by: ['facts', 'pg_dump'], shadow: 'embedded PostgreSQL 17', differences: [] },
  changes: { added: { table: ['public.fragments', 'public.minds'] }, removed: {}, changed: {} },
  tested: { file: '/home/anyone/supabase/tests/v0.7.0_smoke_test.sql', ok: true, passed: 12, failed: 0 },
  progress: null,
  startedAt: '2025-10-26T21:20:00Z',
  appliedAt: '2025-10-26T21:20:02Z',
  durationMs: 1240,
  environment: 'production',
  overrideReason: null,
  who: 'dev@example.com',
  gitCommit: '0123abc',
  toolVersion: '0.1.0',
  ...facts,
});

export const rollback = (facts: Partial<Run> & { id: string }): Run =>
  run({
    kind: 'rollback',
    version: null,
    name: null,
    rollbackSql: null,
    proof: null,
    changes: null,
    tested: null,
    snapshotBefore: 'rollback_20251027100000',
    snapshotAfter: null,
    ...facts,
  });
