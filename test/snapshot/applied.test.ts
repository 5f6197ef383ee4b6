import { expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { appliedAt, describeApplied } from '../../src/snapshot/applied.ts';
import { checkManifest, snapshotId, type AppliedVersion, type Manifest } from '../../src/snapshot/manifest.ts';
import type { StoredSnapshot } from '../../src/snapshot/store.ts';

const rows = (...versions: string[]): AppliedVersion[] => versions.map((version) => ({ version, name: `step_${version}` }));

/** A snapshot with these versions applied, taken by a target that was in `before`; known from then on. */
function take(
  known: StoredSnapshot[],
  name: string,
  versions: string[],
  before?: StoredSnapshot,
  where: Partial<StoredSnapshot> = { inFolder: true, inTarget: true },
): StoredSnapshot {
  const manifest: Manifest = {
    format: 1,
    name,
    copy: 1,
    sha256: '',
    factsSha256: '',
    takenAt: '2026-01-02T03:04:05.000Z',
    serverVersion: '17.2',
    pgDump: 'bundled 17.2',
    ...describeApplied(rows(...versions), before?.manifest, known),
    counts: {},
    databaseBytes: 0,
    database: 'postgres',
    gitCommit: null,
    who: null,
    toolVersion: '0.1.0',
  };
  const one = { id: snapshotId(manifest), manifest, inFolder: false, inTarget: false, ...where };
  known.push(one);
  return one;
}

/** Three migrations, each with the snapshots before and after it, and a rollback of the last two with the snapshots around it. */
function past(): { known: StoredSnapshot[]; of: (name: string) => StoredSnapshot } {
  const known: StoredSnapshot[] = [];
  let last: StoredSnapshot | undefined;
  for (const [index, version] of ['1', '2', '3'].entries()) {
    const before = ['1', '2', '3'].slice(0, index);
    last = take(known, version, before, last);
    last = take(known, `${version}_after`, [...before, version], last);
  }
  last = take(known, 'rollback', ['1', '2', '3'], last);
  take(known, 'rollback_after', ['1'], last);
  return { known, of: (name) => known.find(({ id }) => id === name)! };
}

const without = (known: StoredSnapshot[], ...ids: string[]) => known.filter(({ id }) => !ids.includes(id));

const refusal = (action: () => unknown): Problem => {
  try {
    action();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It was not refused.');
};

test('a manifest says only what differs from its predecessor, and the whole list can be told from all of them', () => {
  const { known, of } = past();
  expect(of('3_after').manifest).toMatchObject({
    applied: { count: 3, newest: { version: '3', name: 'step_3' } },
    predecessor: { id: '3' },
    added: rows('3'),
    removed: [],
  });
  expect(of('rollback_after').manifest).toMatchObject({ predecessor: { id: 'rollback' }, added: [], removed: ['2', '3'] });
  for (const [name, versions] of [
    ['1', []],
    ['1_after', ['1']],
    ['2', ['1']],
    ['3_after', ['1', '2', '3']],
    ['rollback_after', ['1']],
  ] as const) {
    expect(appliedAt(of(name).manifest, known, []), name).toEqual(rows(...versions));
    expect(appliedAt(of(name).manifest, known, rows('1', '2', '3')), name).toEqual(rows(...versions));
  }
  for (const { manifest } of known) expect(checkManifest(JSON.parse(JSON.stringify(manifest)), 'it')).toEqual(manifest);
});

test('three hundred migrations take three hundred entries, and so do the rollbacks between them', () => {
  const known: StoredSnapshot[] = [];
  const versions = Array.from({ length: 300 }, (_, index) => String(10_000 + index));
  let last: StoredSnapshot | undefined;
  for (let index = 0; index < versions.length; index++) {
    last = take(known, `${versions[index]}`, versions.slice(0, index), last);
    last = take(known, `${versions[index]}_after`, versions.slice(0, index + 1), last);
    if (index % 100 === 50) {
      last = take(known, `rollback_${index}`, versions.slice(0, index + 1), last);
      last = take(known, `rollback_${index}_after`, versions.slice(0, index), last);
      last = take(known, `again_${index}`, versions.slice(0, index + 1), last);
    }
  }
  const entries = known.reduce((total, { manifest }) => total + manifest.added.length + manifest.removed.length, 0);
  expect(entries).toBe(300 + 2 * 3);
  expect(appliedAt(last!.manifest, known, [])).toEqual(rows(...versions));
});

test('a manifest that is missing is made up for by another of the same list, or by history', () => {
  const { known, of } = past();
  const { manifest } = of('3_after');
  // Snapshot 3 has the list of 2_after.
  expect(appliedAt(manifest, without(known, '3'), [])).toEqual(rows('1', '2', '3'));
  expect(appliedAt(manifest, without(known, '2', '1', '1_after', 'rollback_after'), rows('1'))).toEqual(rows('1', '2', '3'));
  expect(appliedAt(manifest, [], rows('1', '2', '3', '4'))).toEqual(rows('1', '2', '3'));
});

test('where the chain is broken it is said which manifest is missing, and nothing is guessed', () => {
  const { known, of } = past();
  const problem = refusal(() => appliedAt(of('3_after').manifest, without(known, '2_after', '3'), rows('1', '4')));
  expect(problem.exitCode).toBe(3);
  expect(problem.message).toBe(
    "It can't be told which migrations were applied at snapshot 3_after: no manifest in the folder or in the target says what was applied at 3, on which it builds.",
  );
  expect(problem.next).toContain('Restore 3.json from version control');
});

test('manifests that contradict one another or lead in a circle are refused; those of the target come first', () => {
  const { known, of } = past();
  const { manifest } = of('3_after');
  const forged = { ...manifest, predecessor: null, added: rows('1', '3') };
  expect(refusal(() => appliedAt(forged, [], [])).message).toContain('contradict one another');
  const circle = { ...manifest, predecessor: { id: '3_after', count: 3, sha256: manifest.applied.sha256 } };
  expect(refusal(() => appliedAt(circle, [{ ...of('3'), manifest: circle }], [])).message).toContain('contradict one another');
  const there = {
    ...of('2').manifest,
    applied: { ...of('2').manifest.applied, sha256: 'a' },
    predecessor: { id: '3', count: 9, sha256: 'b' },
  };
  const back = { ...there, name: '3', applied: { ...there.applied, sha256: 'b' }, predecessor: { id: '2', count: 9, sha256: 'a' } };
  const each = { inFolder: true, inTarget: false };
  const round = [there, back].map((one) => ({ ...each, id: one.name, manifest: one }));
  expect(refusal(() => appliedAt(there, round, rows('1'))).message).toContain('contradict one another');
  const inFolder = { ...each, id: 'other', manifest: { ...of('2_after').manifest, name: 'other', predecessor: null, added: rows('9') } };
  expect(appliedAt(manifest, [inFolder, ...known], [])).toEqual(rows('1', '2', '3'));
});

test('where the manifests of the target alone do not tell, the next one names all', () => {
  const known: StoredSnapshot[] = [];
  const inFolder = take(known, '1_after', ['1'], undefined, { inFolder: true, inTarget: false });
  const last = take(known, '7_after', ['1', '7'], inFolder);
  const next = take(known, '5_after', ['5', '7'], last);
  expect(last.manifest.predecessor).toMatchObject({ id: '1_after' });
  expect(next.manifest).toMatchObject({ predecessor: null, added: rows('5', '7'), removed: [] });
  expect(appliedAt(take(known, '8_after', ['5', '7', '8'], next).manifest, without(known, '1_after'), [])).toEqual(rows('5', '7', '8'));
});

test('what the folder holds under the same name of another database leads on too', () => {
  const known: StoredSnapshot[] = [];
  const first = take(known, '1_after', ['1'], undefined, { inFolder: true, inTarget: false });
  const goal = take([...known, { ...first, inTarget: true }], '2_after', ['1', '2'], first, { inFolder: true, inTarget: false });
  expect(goal.manifest.predecessor).not.toBeNull();
  const ofTarget = take([], '1_after', ['5']);
  expect(() => appliedAt(goal.manifest, [ofTarget, goal], [])).toThrow('at 1_after, on which it builds');
  expect(appliedAt(goal.manifest, [{ ...ofTarget, aside: first.manifest }, goal], [])).toEqual(rows('1', '2'));
});

test.each([
  ['a name with slashes', { predecessor: { id: '../../x', count: 0, sha256: '' } }],
  ['no sha256', { predecessor: { id: 'x', count: 0 } }],
  ['no count', { predecessor: { id: 'x', sha256: '' } }],
  ['the list of old', { applied: rows('1') }],
  ['no predecessor', { predecessor: undefined }],
  ['an entry that is none', { added: [null] }],
  ['a name that is none', { added: [{ version: '1', name: 5 }] }],
  ['a version that is none', { removed: [1] }],
  ['a newest that is none', { applied: { count: 1, newest: '1', sha256: '' } }],
])('a manifest with %s is none', (_, change) => {
  const { of } = past();
  expect(() => checkManifest({ ...of('2').manifest, ...change }, 'it')).toThrow('it is not a manifest of a snapshot');
});
