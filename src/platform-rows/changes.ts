import { isDeepStrictEqual } from 'node:util';
import type { Kind } from './rows.ts';

/** What a run did to one job or queue: null where it was not there. `gone`: an earlier run had made it, and users had removed it when this one came. */
export interface Change<T> {
  before: T | null;
  after: T | null;
  gone?: T;
}

/** One thing to do, in the order in which they are done. */
export type Action<T> = { remove: T } | { change: T; into: T } | { create: T };

/** How the opposite of changes is carried out, and what of users' doing stands in its way. */
export interface Undoing<T> {
  actions: Action<T>[];
  /** Users made one of that name since: theirs stays, and what was before waits in the copy. */
  taken: T[];
  /** Users changed it since. `goes`: it goes all the same, and comes back as they left it; else what they changed stays. */
  changed: { what: T; goes: boolean }[];
}

/** What is another now than it was; `start` and `now` are lists of the same kind. */
export function changesBetween<T extends object>(kind: Kind<T>, start: T[], now: T[]): Change<T>[] {
  const gone = start.filter((one) => !now.some((other) => kind.same(one, other))).map((before) => ({ before, after: null }));
  return [
    ...gone,
    ...now.flatMap((after): Change<T>[] => {
      const before = start.find((one) => kind.same(one, after)) ?? null;
      return before && kind.fields.every((field) => equal(before[field], after[field])) ? [] : [{ before, after }];
    }),
  ];
}

/** Changes of several steps, oldest first, as one change for each job or queue. */
export function composed<T extends object>(kind: Kind<T>, changes: Change<T>[]): Change<T>[] {
  const found: Change<T>[] = [];
  for (const change of changes) {
    const earlier = change.before && found.find(({ after }) => after && kind.same(after, change.before!));
    if (earlier) earlier.after = change.after;
    else found.push({ ...change });
  }
  return found.filter(
    ({ before, after, gone }) =>
      gone || (before !== after && !(before && after && kind.fields.every((field) => equal(before[field], after[field])))),
  );
}

/**
 * Plans the opposite of what earlier runs did. `start` is what was there before this run, which tells what users did since; `now` what is there
 * after its own statements.
 */
export function planUndoing<T extends object>(kind: Kind<T>, changes: Change<T>[], start: T[], now: T[]): Undoing<T> {
  const undoing: Undoing<T> = { actions: [], taken: [], changed: [] };
  const find = (list: T[], what: T) => list.find((one) => kind.same(one, what));
  // Made by this run: the same by name, or else one that is like it, each but once.
  const anew = now.filter((one) => !find(start, one));
  const take = (what: T): T | undefined => {
    const alike = (one: T) => kind.like?.(one, what) === true;
    const found =
      anew.find((one) => kind.same(one, what)) ??
      anew.find((one) => alike(one) && kind.fields.every((field) => equal(one[field], what[field]))) ??
      anew.find(alike);
    if (found) anew.splice(anew.indexOf(found), 1);
    return found;
  };
  const into = (from: T, to: T) =>
    kind.fields.some((field) => !equal(from[field], to[field])) ? undoing.actions.push({ change: from, into: to }) : 0;
  for (const { before, after, gone } of changes) {
    if (gone) {
      const made = find(start, gone) ? undefined : take(gone);
      if (made) undoing.actions.push({ remove: made });
    } else if (after === null) {
      if (find(start, before!)) undoing.taken.push(before!);
      else {
        const made = take(before!);
        if (made) into(made, before!);
        else undoing.actions.push({ create: before! });
      }
    } else {
      const [then, made] = [find(start, after), find(now, after)];
      if (!then || !made) continue;
      const theirs = kind.fields.filter((field) => !equal(then[field], after[field]));
      if (theirs.length > 0) undoing.changed.push({ what: then, goes: before === null });
      if (before === null) undoing.actions.push({ remove: made });
      else
        into(made, {
          ...made,
          ...Object.fromEntries(kind.fields.flatMap((field) => (theirs.includes(field) ? [] : [[field, before[field]]]))),
        });
    }
  }
  const order = (action: Action<T>) => ('remove' in action ? 0 : 'change' in action ? 1 : 2);
  undoing.actions.sort((a, b) => order(a) - order(b));
  return undoing;
}

/** What earlier runs had made and users removed since. */
export const removedSince = <T extends object>(kind: Kind<T>, changes: Change<T>[], start: T[]): Change<T>[] =>
  changes.flatMap(({ before, after }) =>
    before === null && after && !start.some((one) => kind.same(one, after)) ? [{ before: null, after: null, gone: after }] : [],
  );

const equal = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a ?? null, b ?? null);
