import { type Canonical, differencesOf } from './canonical-differences.ts';
import { splitDump, titleLine } from './canonical-entries.ts';
import { canonicalBody } from './canonical-entry.ts';
import { withoutQueueEntries } from './queue-entries.ts';
import { frameSettings, settingsFor, takeSettings } from './canonical-settings.ts';

export interface DumpComparison {
  equal: boolean;
  /** One per object that is missing, extra or changed, in words and lines to read. */
  differences: string[];
}

/**
 * A form of a pg_dump text that is the same for two databases in the same state. Left out of account are only: the
 * header with its versions and keys; the place of a column in its table, composite type, statistics object or
 * publication (a column that was dropped and came back stands last), with the place of its comment, grants and settings;
 * the order of the grants inside one ACL; and the order of the entries, which follows names, places and object ids.
 * Defaults, grants, owners, comments, definitions all count.
 */
export const canonicalDump = (sql: string): string =>
  canonicalEntries(sql)
    .map(({ title, body }) => `-- ${title}\n${body}\n`)
    .join('\n');

/** Compares two dumps in their canonical form and says what differs. */
export const compareDumps = (before: string, after: string): DumpComparison => {
  if (before === after) return { equal: true, differences: [] };
  const differences = differencesOf(canonicalEntries(before), canonicalEntries(after));
  return { equal: differences.length === 0, differences };
};

const canonicalEntries = (sql: string): Canonical[] => {
  const { head, entries } = withoutQueueEntries(splitDump(sql));
  let { settings } = takeSettings(head, {});
  const canonical = entries.map((entry): Canonical => {
    const prefix = settingsFor(entry, settings);
    const taken = takeSettings(entry.body, settings);
    settings = taken.settings;
    return { title: titleLine(entry.header), body: `${prefix}${canonicalBody({ ...entry, body: taken.body })}` };
  });
  canonical.sort((a, b) => compare(a.title, b.title) || compare(a.body, b.body));
  return [{ title: 'Settings of the dump', body: frameSettings(head) }, ...canonical];
};

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
