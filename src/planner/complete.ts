import { canonicalBody } from '../snapshot/canonical-entry.ts';
import { splitDump, titleLine, titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { splitAt } from '../snapshot/canonical-scan.ts';
import { dropOf } from './complete-drops.ts';
import { tableChanges, undone } from './complete-tables.ts';

/**
 * Statements that bring a database whose facts are those of `goal` nearer to its dump: what the planner does not hold
 * (statistics objects, casts, operators, storage of columns, order of storage parameters …) but pg_dump shows. Both are
 * texts of pg_dump. What no statement is known for is left out, and then the dumps still differ.
 */
export function completeFromDumps(goal: string, reached: string): string[] {
  const wanted = byTitle(goal);
  const present = byTitle(reached);
  const takenBack: string[] = [];
  const given: string[] = [];
  for (const [title, entry] of [...present].reverse()) {
    const goalEntry = wanted.get(title);
    if (!goalEntry) takenBack.push(...dropOf(entry));
  }
  for (const [title, entry] of wanted) {
    const now = present.get(title);
    if (!now) given.push(...statementsOf(entry));
    else if (canonicalBody(now) !== canonicalBody(entry)) {
      const change = changeOf(entry, now);
      takenBack.push(...change.takenBack);
      given.push(...change.given);
    }
  }
  return [...takenBack, ...given];
}

function changeOf(goal: DumpEntry, now: DumpEntry): { takenBack: string[]; given: string[] } {
  const [wantedFirst = '', ...wantedRest] = statementsOf(goal);
  const [presentFirst = '', ...presentRest] = statementsOf(now);
  const { type } = titleOf(goal.header);
  const given: string[] = [];
  if (type === 'TABLE') given.push(...tableChanges(goal, wantedFirst, presentFirst));
  else if (wantedFirst !== presentFirst) {
    if (type === 'COMMENT') return { takenBack: [], given: [wantedFirst] };
    const drop = dropOf(now);
    return drop.length > 0 ? { takenBack: drop, given: [wantedFirst, ...wantedRest] } : { takenBack: [], given: [] };
  }
  const takenBack = presentRest
    .filter((statement) => !wantedRest.includes(statement))
    .flatMap((statement) => undone(statement, presentFirst));
  given.push(...wantedRest.filter((statement) => !presentRest.includes(statement)));
  return { takenBack, given };
}

const byTitle = (sql: string): Map<string, DumpEntry> => {
  const entries = new Map<string, DumpEntry>();
  for (const entry of splitDump(sql).entries) {
    const title = titleLine(entry.header);
    const same = entries.get(title);
    entries.set(title, same ? { ...same, body: `${same.body}${entry.body}` } : entry);
  }
  return entries;
};

/** Without the settings that pg_dump writes behind an object for the next one. */
const statementsOf = ({ body }: DumpEntry): string[] =>
  splitAt(body, ';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !statement.startsWith('SET default_'));
