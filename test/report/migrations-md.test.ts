import { describe, expect, test } from 'vitest';
import type { MigrationsInput } from '../../src/report/migration-events.ts';
import { renderMigrations } from '../../src/report/migrations-md.ts';
import { rollback, run } from './runs.ts';

const baseline = { version: '20251026211500', name: 'v0_7_0_baseline', statements: null };
const seed = { version: '20251026213000', name: 'v0_7_0_seed', statements: null };
const collaboration = { version: '20251027140000', name: 'v0_8_0_collaboration', statements: null };
const input = (facts: Partial<MigrationsInput>): MigrationsInput => ({ runs: [], applied: [], local: [], ...facts });

describe('MIGRATIONS.md', () => {
  test('tells all that history knows of a migration', () => {
    expect(renderMigrations(input({ runs: [run({ id: '1' })], applied: [baseline] }), undefined)).toBe(`# Migrations

_Written by supasnap from the history kept in the database. Notes between their two markers stay; everything else is written anew._

## v0.7.0

### 20251026211500_v0_7_0_baseline.sql

- **Status**: applied
- **Date**: 2025-10-26 21:20:02 UTC
- **Environment**: \`production\`
- **Snapshot before**: \`v0.7.0_20251026211500\`
- **Snapshot after**: \`v0.7.0_20251026211500_after\`
- **Rollback**: \`supabase/rollback/20251026211500_rollback.sql\`, proven by facts and pg_dump
- **Changes**: 2 tables added (fragments, minds)
  - 2 tables added: \`public.fragments\`, \`public.minds\`
- **Tested**: v0.7.0 smoke test: 12 checks, all ok
- **Migration time**: 1.24 s
- **Who**: dev@example.com
- **Git commit**: \`0123abc\`

<!-- notes:20251026211500 -->
<!-- /notes:20251026211500 -->
`);
  });

  test('says so when nothing was ever applied', () => {
    expect(renderMigrations(input({ local: [{ version: '1', fileName: '1_a.sql', description: 'a' }] }), undefined)).toMatch(
      /No migration has been applied yet\.\n$/,
    );
  });

  test('has the newest release first, its files in order, and files without a release under their digits', () => {
    const plain = { version: '20251026220000', name: 'add_index', statements: null };
    const headings = renderMigrations(input({ applied: [seed, collaboration, plain, baseline] }), undefined).match(/^##.*$/gm);
    expect(headings).toEqual([
      '## v0.8.0',
      '### 20251027140000_v0_8_0_collaboration.sql',
      '## 20251026220000',
      '### 20251026220000_add_index.sql',
      '## v0.7.0',
      '### 20251026211500_v0_7_0_baseline.sql',
      '### 20251026213000_v0_7_0_seed.sql',
    ]);
  });

  test('takes a name from the folder only where history has none', () => {
    const local = [
      { version: '20251026211500', fileName: '20251026211500_other.sql', description: 'other' },
      { version: '20251027140000', fileName: '20251027140000_v0_8_0_collaboration.sql', description: 'collaboration' },
      { version: '20251101000000', fileName: '20251101000000_pending.sql', description: 'pending' },
    ];
    const headings = renderMigrations(input({ applied: [baseline, { ...collaboration, name: null }], local }), undefined).match(
      /^###.*$/gm,
    );
    expect(headings).toEqual(['### 20251027140000_v0_8_0_collaboration.sql', '### 20251026211500_v0_7_0_baseline.sql']);
  });

  test('lists each run of a file that was applied, rolled back and applied again', () => {
    const runs = [
      run({ id: '9' }),
      rollback({ id: '10', undone: ['20251026211500'], appliedAt: '2025-10-27T10:00:00Z' }),
      run({ id: '11', appliedAt: '2025-10-28T08:00:00Z', durationMs: 90_500, who: null, tested: null }),
    ];
    const text = renderMigrations(input({ runs, applied: [baseline] }), undefined);
    expect(text).toContain(`- **Status**: applied
- **Date**: 2025-10-28 08:00:00 UTC`);
    expect(text).toContain(`- **History**: 3 runs
  - 2025-10-26 21:20:02 UTC: applied in \`production\`; snapshot before \`v0.7.0_20251026211500\`, after \`v0.7.0_20251026211500_after\`; v0.7.0 smoke test: 12 checks, all ok; 1.24 s; by dev@example.com
  - 2025-10-27 10:00:00 UTC: rolled back in \`production\`; snapshot before \`rollback_20251027100000\`; 1.24 s; by dev@example.com
  - 2025-10-28 08:00:00 UTC: applied in \`production\`; snapshot before \`v0.7.0_20251026211500\`, after \`v0.7.0_20251026211500_after\`; 1 min 30 s
`);
  });

  const undone = rollback({ id: '2', undone: ['20251026211500'], appliedAt: '2025-10-27T10:00:00Z' });
  test.each([
    ['applied', { runs: [run({ id: '1' })], applied: [baseline] }],
    ['applied by another tool, such as the Supabase CLI; no facts of it are known', { applied: [baseline] }],
    ['rolled back on 2025-10-27 10:00:00 UTC', { runs: [run({ id: '1' }), undone] }],
    [
      'applied by another tool, after it was rolled back on 2025-10-27 10:00:00 UTC',
      { runs: [run({ id: '1' }), undone], applied: [baseline] },
    ],
    ['taken out of the history table by another tool; it was applied before', { runs: [run({ id: '1' })] }],
    ['applied', { runs: [run({ id: '1' }), undone, rollback({ id: '3', restored: ['20251026211500'] })], applied: [baseline] }],
    ['applied', { runs: [run({ id: '1', status: 'applied', snapshotAfter: null })], applied: [baseline] }],
    [
      'stopped half-way on 2025-10-26 21:20:02 UTC, after 1 of 3 steps; not applied',
      { runs: [run({ id: '1', status: 'failed', progress: { done: 1, of: 3 } })] },
    ],
    ['begun on 2025-10-26 21:20:02 UTC; its end is not recorded', { runs: [run({ id: '1', status: 'applying' })] }],
    [
      'undone at once on 2025-10-26 21:20:02 UTC, because a check failed after its last step',
      { runs: [run({ id: '1' }), undone, run({ id: '3', status: 'undone' })] },
    ],
  ])('says of the status: %s', (status, facts) => {
    expect(renderMigrations(input(facts), undefined)).toContain(`- **Status**: ${status}\n`);
  });

  test('says nothing of the changes of a migration that stopped half-way, for they are only what was meant', () => {
    const text = renderMigrations(input({ runs: [run({ id: '1', status: 'failed' })] }), undefined);
    expect(text).toContain('- **Snapshot before**: `v0.7.0_20251026211500`\n');
    expect(text).not.toMatch(/Changes|Tested|Migration time/);
  });

  test('lists rollbacks that undid no migration', () => {
    const text = renderMigrations(input({ runs: [rollback({ id: '1', who: null })] }), undefined);
    expect(text).toContain(`## Rollbacks that undid no migration

- **2025-10-26 21:20:02 UTC**: rolled back in \`production\`
  - snapshot before \`rollback_20251027100000\`
  - 1.24 s
`);
  });

  test('names failed tests and rollbacks that were not proven', () => {
    const text = renderMigrations(
      input({
        runs: [
          run({
            id: '1',
            tested: { file: 'C:\\x\\v0.7.0_smoke_test.sql', ok: false, passed: 11, failed: 1 },
            proof: { proven: false, by: [], shadow: '', differences: ['a', 'b'] },
          }),
        ],
      }),
      undefined,
    );
    expect(text).toContain('v0.7.0 smoke test: 12 checks, 1 failed\n');
    expect(text).toContain('_rollback.sql`, not proven: 2 differences\n');
  });

  test('cuts long lists of names', () => {
    const table = Array.from({ length: 33 }, (_, index) => `public.t${index + 10}`);
    const text = renderMigrations(input({ runs: [run({ id: '1', changes: { added: { table }, removed: {}, changed: {} } })] }), undefined);
    expect(text).toContain('- **Changes**: 33 tables added\n  - 33 tables added: `public.t10`, ');
    expect(text).toContain('`public.t29`, and 13 more\n');
  });

  test('is the same text from the same history, in whatever order it is read', () => {
    const runs = [
      run({ id: '9' }),
      rollback({ id: '10', undone: ['20251026211500'] }),
      run({ id: '11', version: '20251026213000', name: 'v0_7_0_seed' }),
      rollback({ id: '12' }),
    ];
    const one = renderMigrations(input({ runs, applied: [baseline, seed] }), undefined);
    const other = renderMigrations(input({ runs: runs.toReversed(), applied: [seed, baseline] }), undefined);
    expect(other).toBe(one);
    expect(renderMigrations(input({ runs, applied: [baseline, seed] }), one)).toBe(one);
    expect(one).not.toContain('/home/');
  });

  test('holds against columns that hold something else than expected', () => {
    const odd = run({ id: '1', proof: 'x', changes: [3], tested: 'y', environment: '', who: '' });
    expect(renderMigrations(input({ runs: [odd] }), undefined)).toContain('- **Tested**: no smoke test\n');
  });

  test('leaves out versions that are no digits, which the CLI never writes', () => {
    expect(renderMigrations(input({ applied: [{ version: '1 -->', name: 'a', statements: null }] }), undefined)).toContain(
      'No migration has been applied yet.',
    );
  });
});

describe('hostile names in MIGRATIONS.md', () => {
  const nasty = [
    'a`b',
    'a|b',
    'a\n## v9.9.9\n',
    '<!-- notes:20251026211500 -->',
    '<!-- /notes:20251026211500 -->',
    '<script>',
    '[x](http://example.com)',
    'a\u202eb',
    '**b**',
    '_i_',
    '\\',
    '&lt;',
  ];
  const everywhere = nasty.flatMap((name) => [
    run({
      id: '1',
      name,
      environment: name,
      who: name,
      gitCommit: name,
      snapshotBefore: name,
      snapshotAfter: name,
      status: name,
      changes: { added: { table: [name], [name]: [name] }, removed: {}, changed: {} },
      tested: { file: name, ok: true, passed: 1, failed: 0 },
    }),
    rollback({ id: '2', environment: name, who: name }),
  ]);

  test.each(everywhere.map((each) => [each.kind, each.who!, each] as const))(
    '%s by %j stays text, and the notes stay theirs',
    (_kind, who, each) => {
      const applied = [{ ...baseline, name: who }];
      const first = renderMigrations(input({ runs: [each], applied }), undefined);
      const noted = first.replace('<!-- notes:20251026211500 -->\n', '<!-- notes:20251026211500 -->\nmine\n');
      const again = renderMigrations(input({ runs: [each], applied }), noted);
      expect(again).toBe(noted);
      expect(again.match(/<!--/g)).toHaveLength(2);
      expect(again).not.toMatch(/<script|\u202e|^## v9|(?<!\\)\]\(|(?<!\\)\|/m);
      for (const line of again.split('\n'))
        expect(line.replace(/\\`/g, '').match(/`/g)?.length ?? 0).toSatisfy((count: number) => count % 2 === 0);
    },
  );
});
