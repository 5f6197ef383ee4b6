import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeCutOff, tellCutOff } from '../../src/commands/cut-off.ts';
import type { BriefRun } from '../../src/commands/status-history.ts';
import { status } from '../../src/commands/status.ts';
import type { Context } from '../../src/context.ts';
import { OutcomeUnknown } from '../../src/errors.ts';
import { identifyTarget, readJournals, withJournal, type FoundJournal } from '../../src/history/journal.ts';
import { lockKey } from '../../src/target/lock.ts';
import { removeHalfWritten } from '../../src/atomic-file.ts';
import { withClient } from '../../src/target/connection.ts';
import { quietContext } from '../corpus-case.ts';
import { withDatabase } from '../postgres/database.ts';
import { withProject, type Project } from '../project.ts';

const snapshots = 'supabase/snapshots';
const entry = {
  kind: 'migrate',
  what: 'supabase/migrations/20260102000000_v0_2_0_tags.sql',
  version: '20260102000000',
  since: 4,
  target: 'one/db',
  host: 'db.example.com',
  database: 'db',
  startedAt: '2026-01-02T03:04:05.678Z',
} as const;

/** What a program that is killed leaves. */
const leave = async (project: Project, target: string) => {
  const cut = withJournal(project.path(snapshots), { ...entry, target }, async (journal) => {
    await journal.phase('applying');
    throw new OutcomeUnknown('no answer', {});
  });
  await expect(cut).rejects.toMatchObject({ code: 'outcome_unknown' });
};

test('a journal is a line for the run and one for each phase, only for its owner, and goes when the run ends well or badly', () =>
  withProject({}, async (project) => {
    await withJournal(project.path(snapshots), entry, async (journal) => {
      await journal.phase('snapshotted');
      const [name] = project.list(snapshots);
      expect(name).toMatch(new RegExp(`^\\.run_[0-9a-f]{8}_${process.pid}\\.jsonl$`));
      const [run, ...rest] = project
        .read(`${snapshots}/${name}`)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(run).toEqual({ ...entry, machine: hostname(), pid: process.pid });
      expect(rest.map(({ phase }) => phase)).toEqual(['planned', 'snapshotted']);
      expect(statSync(project.path(`${snapshots}/${name}`)).mode & 0o777).toBe(0o600);
    });
    expect(project.list(snapshots)).toEqual([]);
    await expect(withJournal(project.path(snapshots), entry, () => Promise.reject(new Error('told')))).rejects.toThrow('told');
    expect(project.list(snapshots)).toEqual([]);
  }));

test('a journal that was cut off in the middle of a line is read up to there; one of nothing is left alone', () =>
  withProject({}, async (project) => {
    await leave(project, 'one/db');
    const path = join(project.path(snapshots), project.list(snapshots)[0]!);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"phase":"appl`);
    project.write(`${snapshots}/.run_00000000_1.jsonl`, '{"kind":"mig');
    expect(await readJournals(project.path(snapshots), async () => 'one/db')).toMatchObject([
      { phase: 'applying', version: '20260102000000', path },
    ]);
  }));

test('it goes below a folder that is not there yet, and a place that can not be written is named', () =>
  withProject({ 'supabase/snapshots': 'a file' }, async (project) => {
    await expect(withJournal(project.path(`${snapshots}/below`), entry, async () => {})).rejects.toMatchObject({
      code: 'write_failed',
      message: expect.stringMatching(/\.run_.*: a part of its path is a file/),
    });
  }));

test('the next command tells of the runs on its own target alone, once, and not while a run is at work', () =>
  withDatabase(17, ({ settings }) =>
    withProject({}, async (project) => {
      const told: string[] = [];
      const quiet = quietContext(project.folder, settings, 'bundled');
      const context: Context = { ...quiet, report: { ...quiet.report, warn: (text) => void told.push(text) } };
      const mine = await withClient(settings, (client) => identifyTarget(client, settings));
      expect(mine).toMatch(new RegExp(`^\\d+/${settings.database}$`));
      await leave(project, mine);
      await leave(project, 'another/db');

      await withClient(settings, async (runner) => {
        await runner.query(`select pg_advisory_lock(${lockKey})`);
        await status(context);
      });
      expect(told).toEqual([]);
      expect(project.list(snapshots)).toHaveLength(2);

      await status(context);
      expect(told).toEqual([
        expect.stringMatching(
          /^An earlier migrate \(supabase\/migrations\/20260102000000_v0_2_0_tags\.sql\), begun 2026-01-02 03:04:05 UTC by process \d+ on .*, was cut off while it changed the target \(.* UTC\)\. Nothing of it was committed on .*\. To do it, run the same command again\.$/,
        ),
      ]);
      expect(await readJournals(project.path(snapshots), async () => 'another/db')).toHaveLength(1);
      expect(project.list(snapshots)).toHaveLength(1);

      await status(context);
      expect(told).toHaveLength(1);
      const target = { kind: 'url', name: 'db', origin: '--remote', settings } as const;
      await withClient(settings, (client) => tellCutOff(context, { client, target, server: {} as never, pooling: 'direct' }));
      expect(told).toHaveLength(1);
    }),
  ));

const found = (more: Partial<FoundJournal> = {}): FoundJournal => ({
  ...entry,
  machine: 'here',
  pid: 7,
  phase: 'applying',
  at: '2026-01-02T03:04:06.000Z',
  path: '',
  ...more,
});
const run = (more: Partial<BriefRun>): BriefRun => ({
  id: '5',
  kind: 'migrate',
  status: 'done',
  version: '20260102000000',
  name: 'v0_2_0_tags',
  undone: null,
  snapshotBefore: 'v0.2.0_20260102000000',
  snapshotAfter: null,
  progress: null,
  startedAt: '2026-01-02T03:04:05Z',
  ...more,
});

test.each<[string, FoundJournal, BriefRun[], string]>([
  [
    'no run came of it',
    found(),
    [run({ id: '4', snapshotAfter: 'x' })],
    'Nothing of it was committed on db. To do it, run the same command again.',
  ],
  [
    'a run of another migration is not this one',
    found(),
    [run({ version: '20260103000000', snapshotAfter: 'x' })],
    'Nothing of it was committed on db.',
  ],
  [
    'committed, and cut off before the snapshot after',
    found(),
    [run({ status: 'applied' })],
    'On db: it is applied and recorded; the command was cut off before it took the snapshot after. Nothing has to be mended',
  ],
  [
    'all done',
    found({ phase: 'recorded' }),
    [run({ snapshotAfter: 'x' })],
    'was cut off at its very end (2026-01-02 03:04:06 UTC). It is applied and recorded on db. Nothing has to be mended.',
  ],
  [
    'between its steps',
    found(),
    [run({ status: 'applying', progress: { done: 1, of: 3 } })],
    'On db: 1 of its 3 steps are done; it is not recorded as applied. Go on with it: npx supasnap migrate --resume. Or go back to the state before it: npx supasnap rollback v0.2.0_20260102000000',
  ],
  ['failed and taken back', found(), [run({ status: 'undone' })], 'Nothing of it is left on db.'],
  [
    'a rollback',
    found({ kind: 'rollback', version: 'v0.1.0_after' }),
    [run({ kind: 'rollback', version: 'v0.1.0_after', snapshotAfter: 'x' })],
    'It is rolled back and recorded on db.',
  ],
])('what became of it is told from the database: %s', (_, journal, runs, words) => {
  expect(describeCutOff(journal, { runs, applied: [] }, 'db')).toContain(words);
});

test('half-written files go when their writer is gone; those of a writer at work, and other files, stay', () =>
  withProject({}, async (project) => {
    const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const write = (name: string, age = 0) => {
      project.write(`${snapshots}/${name}`, 'half');
      const at = Date.now() / 1000 - age;
      utimesSync(project.path(`${snapshots}/${name}`), at, at);
    };
    const stay = [
      `.a.sql.${machine}-${process.ppid}.0123abcd.tmp`,
      `.b.sql.${machine}-${process.pid}.0123abcd.tmp`,
      `.c.sql.ffffffff-${gone}.0123abcd.tmp`,
      `d.sql.${machine}-${gone}.0123abcd.tmp`,
      '.e.tmp',
      'f.sql',
    ];
    for (const name of stay) write(name);
    write(`.g.sql.${machine}-${gone}.0123abcd.tmp`);
    write(`.h.sql.${machine}-${process.pid}.0123abcd.tmp`, 36_000);
    write(`.i.sql.ffffffff-${gone}.0123abcd.tmp`, 100_000);
    await removeHalfWritten([project.path(snapshots), project.path('nowhere')]);
    expect(project.list(snapshots)).toEqual(stay.sort());
  }));
