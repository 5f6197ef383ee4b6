import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { changesBetween, composed, planUndoing, removedSince } from '../../src/platform-rows/changes.ts';
import { jobs } from '../../src/platform-rows/rows.ts';
import type { Job } from '../../src/snapshot/jobs-and-queues.ts';

const job = (name: string | null, more: Partial<Job> = {}): Job => ({
  id: '1',
  name,
  schedule: '0 0 1 1 *',
  command: 'select 1',
  database: 'postgres',
  username: 'postgres',
  active: true,
  ...more,
});

describe('what a run did to jobs, and its opposite', () => {
  test('steps of one run are one change for each job; one that came and went is none', () => {
    const made = job('a');
    const changed = { ...made, active: false };
    expect(
      composed(jobs, [
        { before: null, after: made },
        { before: made, after: changed },
      ]),
    ).toEqual([{ before: null, after: changed }]);
    expect(
      composed(jobs, [
        { before: null, after: made },
        { before: made, after: null },
      ]),
    ).toEqual([]);
    expect(
      composed(jobs, [
        { before: made, after: changed },
        { before: changed, after: made },
      ]),
    ).toEqual([]);
  });

  test('a job that users changed since loses only what the run had changed', () => {
    const [then, after] = [job('a', { schedule: '1 1 1 1 *' }), job('a', { schedule: '2 2 2 2 *', active: false })];
    const now = { ...after, schedule: '3 3 3 3 *' };
    const plan = planUndoing(jobs, [{ before: then, after }], [now], [now]);
    expect(plan).toMatchObject({ actions: [{ change: now, into: { ...now, active: true } }], changed: [{ what: now, goes: false }] });
  });

  test('a job of a name that users gave since stays, and what was before is not made over it', () => {
    const theirs = job('a', { id: '7', command: 'select 7' });
    expect(planUndoing(jobs, [{ before: job('a'), after: null }], [theirs], [theirs])).toEqual({
      actions: [],
      taken: [job('a')],
      changed: [],
    });
  });

  test('a job that users removed since is not made again by the run that goes forward once more, and that is remembered', () => {
    const made = job('a', { id: '4' });
    const [gone] = removedSince(jobs, [{ before: null, after: made }], []);
    expect(gone).toEqual({ before: null, after: null, gone: made });
    const again = job('a', { id: '9' });
    expect(planUndoing(jobs, [gone!], [], [again]).actions).toEqual([{ remove: again }]);
    expect(planUndoing(jobs, [gone!], [again], [again]).actions).toEqual([]);
  });

  test('jobs without a name are told apart by number; one made anew takes the place of the one that is like it', () => {
    const [kept, other] = [job(null, { id: '2', command: 'select 2', active: false }), job(null, { id: '3', command: 'select 3' })];
    expect(changesBetween(jobs, [kept, other], [other])).toEqual([{ before: kept, after: null }]);
    const anew = job(null, { id: '8', command: 'select 2' });
    expect(planUndoing(jobs, [{ before: kept, after: null }], [], [anew]).actions).toEqual([{ change: anew, into: kept }]);
  });

  test.each(['changes', 'rows'])('%s touches neither files, network nor database', (file) => {
    expect(readFileSync(new URL(`../../src/platform-rows/${file}.ts`, import.meta.url), 'utf8')).not.toMatch(
      /from '(?:node:(?!util')|pg'|execa')/,
    );
  });
});
