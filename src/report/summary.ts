import type { Changes } from './changes.ts';
import { compareKinds, compareText, countOf } from './object-name.ts';
import { printable } from './printable.ts';

/** All objects of one kind that one thing happened to: names sorted, never empty. */
export interface ChangeGroup {
  verb: 'added' | 'dropped' | 'changed';
  kind: string;
  names: string[];
}

const verbs = [
  ['added', 'added'],
  ['removed', 'dropped'],
  ['changed', 'changed'],
] as const;

/** In the order they are told, whatever order the JSON came in. */
export const changeGroups = (changes: Changes): ChangeGroup[] =>
  verbs.flatMap(([list, verb]) =>
    Object.keys(changes[list])
      .filter((kind) => changes[list][kind]!.length > 0)
      .sort(compareKinds)
      .map((kind) => ({ verb, kind, names: [...changes[list][kind]!].sort(compareText) })),
  );

/**
 * One line: "30 tables, 3 views and 16 policies added; 1 column dropped (minds.legacy_slug)". Up to three objects are
 * named, without the schema public; "no change of the schema" when there is none.
 */
export function summarizeChanges(changes: Changes): string {
  const clauses = verbs.flatMap(([, verb]) => {
    const groups = changeGroups(changes).filter((group) => group.verb === verb);
    return groups.length === 0 ? [] : [clauseOf(groups)];
  });
  return clauses.join('; ') || 'no change of the schema';
}

/** One line per kind, with names: "dropped 1 column: public.minds.legacy_slug". Names after the first `limit` are only counted. */
export const listChanges = (changes: Changes, limit = 20): string[] =>
  changeGroups(changes).map(
    ({ verb, kind, names }) => `${verb} ${countOf(names.length, kind)}: ${cutList(names, limit, printable).join(', ')}`,
  );

/** The first `limit` names, and how many more there are. */
export function cutList(names: string[], limit: number, show: (name: string) => string): string[] {
  if (names.length <= limit) return names.map(show);
  return [...names.slice(0, limit).map(show), `and ${names.length - limit} more`];
}

/** A column of the history as changes; undefined when it holds something else. */
export function readChanges(value: unknown): Changes | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const lists = value as Record<string, unknown>;
  if (!verbs.some(([list]) => list in lists)) return undefined;
  const namesOf = (list: unknown): Record<string, string[]> =>
    Object.fromEntries(
      Object.entries(typeof list === 'object' && list !== null ? list : {})
        .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
        .map(([kind, names]) => [kind, names.map(String)]),
    );
  return { added: namesOf(lists.added), removed: namesOf(lists.removed), changed: namesOf(lists.changed) };
}

function clauseOf(groups: ChangeGroup[]): string {
  const counts = groups.map(({ kind, names }) => countOf(names.length, printable(kind)));
  const names = groups.flatMap((group) => group.names);
  const named = names.length <= 3 ? ` (${names.map(shortName).join(', ')})` : '';
  return `${joined(counts)} ${groups[0]!.verb}${named}`;
}

const joined = (words: string[]) => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`);

const shortName = (name: string) => printable(name.replace(/^((?:[^"(]* on )?(?:[a-z ]+ )?)public\./, '$1'));
