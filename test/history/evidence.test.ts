import { expect, test } from 'vitest';
import { evidenceOf } from '../../src/history/evidence.ts';
import type { Run } from '../../src/history/history.ts';
import { rollback, run } from '../report/runs.ts';

const version = '20251026211500';
const sha256 = 'a'.repeat(64);
const migrate = (facts: Partial<Run> = {}) => run({ id: '1', fileSha256: sha256, ...facts });
const undone = rollback({ id: '2', undone: [version], appliedAt: '2025-10-27T10:00:00Z' });
const restored = (facts: Partial<Run> = {}) => rollback({ id: '3', restored: [version], ...facts });
const there = [version];

test.each<[string, string[], Run[], string | null]>([
  ['applied with this content and tested', there, [migrate()], null],
  ['applied, and cut off before the snapshot after', there, [migrate({ status: 'applied' })], null],
  ['rolled back and applied again', there, [migrate(), undone, migrate({ id: '3' })], null],
  [
    'rolled back, and the rollback undone',
    there,
    [migrate(), undone, restored({ tested: { file: 'x', ok: true, passed: 1, failed: 0 } })],
    null,
  ],
  [
    'an earlier content applied, rolled back, and this one applied',
    there,
    [migrate({ fileSha256: 'b' }), undone, migrate({ id: '3' })],
    null,
  ],
  ['nothing', [], [], 'was never applied there'],
  ['rolled back', [], [migrate(), undone], 'was rolled back there on 2025-10-27'],
  ['rolled back, and then applied by the CLI', there, [migrate(), undone], 'was applied there by another tool, which records no checksum'],
  ['applied by the CLI alone', there, [], 'was applied there by another tool, which records no checksum'],
  ['another content', there, [migrate({ fileSha256: 'b' })], 'was applied there with another content (on 2025-10-26)'],
  [
    'this content rolled back, and another applied',
    there,
    [migrate(), undone, migrate({ id: '3', fileSha256: 'b' })],
    'was applied there with another content (on 2025-10-26)',
  ],
  ['no smoke test', there, [migrate({ tested: null })], 'was applied there without a smoke test'],
  [
    'a test that failed when it was put back',
    there,
    [migrate(), undone, restored({ tested: { file: 'x', ok: false, passed: 1, failed: 1 } })],
    'did not pass its smoke test there',
  ],
  ['stopped between its steps', [], [migrate({ status: 'failed' })], 'was begun there on 2025-10-26, and did not come to its end'],
  ['taken out of the history by repair', [], [migrate()], 'was taken out of the history there by another tool'],
])('evidence of %s', (_what, versions, runs, lacks) => {
  expect(evidenceOf(versions, runs, version, sha256).lacks).toBe(lacks);
});

test('evidence says when it was applied, and whether its rollback was proven', () => {
  expect(evidenceOf(there, [migrate()], version, sha256)).toEqual({
    applied: true,
    appliedAt: '2025-10-26T21:20:02Z',
    proven: true,
    tested: true,
    lacks: null,
  });
  expect(evidenceOf(there, [migrate({ proof: { proven: false } })], version, sha256).proven).toBe(false);
});
