import type { Status } from './status.ts';
import { age, size } from './text.ts';

/** The status as a short table, what stands behind each number, and the next step. */
export function renderStatus(status: Status, now: Date): string {
  if (!status.hasHistory) return [...noHistory(status), '', `Next: ${status.next}`].join('\n');
  const { applied, pending, late, edited, renamed, missing, unfinished, problems, notMigrations, notComparable } = status;
  const newest = applied.at(-1);
  const rows: [string, string][] = [
    ['Applied', newest ? `${applied.length}, newest ${[newest.version, newest.name].filter(Boolean).join('_')}` : 'none'],
    ['Pending', listed(pending.map(({ file }) => file))],
    ['Late', listed(late.map(({ file }) => file))],
    ['Edited', listed(edited.map(({ file }) => file))],
    ['Missing files', listed(missing.map(({ version, name }) => [version, name].filter(Boolean).join('_')))],
    ['Drift', driftLine(status)],
    ['Last snapshot', snapshotLine(status, now)],
    ['Unfinished', listed(unfinished.map(({ kind, what }) => `${kind} ${what}`))],
  ];
  if (renamed.length > 0)
    rows.push(['Renamed', listed(renamed.map(({ was, name, file }) => `${[was, name].filter(Boolean).join('_')} is now ${file}`))]);
  if (problems.length > 0) rows.push(['Problems', listed(problems)]);
  if (notMigrations.length > 0) rows.push(['No migrations', listed(notMigrations)]);
  if (notComparable.length > 0)
    rows.push(['Not recorded', `the statements of ${notComparable.length} applied: ${shortList(notComparable)}`]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const table = rows.map(([label, text]) => `${label.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(width)}`)}`.trimEnd());
  return [...table, ...details(status), '', `Next: ${status.next}`].join('\n');
}

function noHistory({ pending, problems, notMigrations, hasTables }: Status): string[] {
  return [
    `No migration was ever recorded here${hasTables ? ', though the database holds tables' : ''}.`,
    `Pending: ${listed(pending.map(({ file }) => file))}`,
    ...(problems.length > 0 ? [`Problems: ${listed(problems)}`] : []),
    ...(notMigrations.length > 0 ? [`No migrations: ${listed(notMigrations)}`] : []),
  ];
}

function details({ edited, drift, unfinished }: Status): string[] {
  const lines: string[] = [];
  for (const { file, statement, applied, now } of edited)
    lines.push('', `${file} differs first in statement ${statement}:`, `  applied: ${oneLine(applied)}`, `  file:    ${oneLine(now)}`);
  for (const { kind, what, startedAt, state } of unfinished)
    lines.push('', `Unfinished ${kind} ${what}, begun ${startedAt}:`, `  ${state}`);
  if (drift && drift.differences.length > 0) {
    lines.push(
      '',
      unfinished.length > 0
        ? 'Changed since the last snapshot (what was left unfinished is among it):'
        : 'Changed by other means since the last snapshot:',
    );
    lines.push(...drift.differences.slice(0, most).map((line) => `  ${line}`));
    if (drift.differences.length > most) lines.push(`  … and ${drift.differences.length - most} more (--output-format json shows all)`);
  }
  return lines;
}

function driftLine({ drift, lastSnapshot }: Status): string {
  if (!drift || !lastSnapshot) return 'not known: there is no snapshot to compare with yet';
  if (drift.by === 'unknown') return "not known: the last snapshot can't be read";
  const platform = drift.platform ? ` (the platform changed ${drift.platform.join(', ')} by itself)` : '';
  if (drift.differences.length === 0) return `none${platform}`;
  return `${drift.differences.length} difference${drift.differences.length === 1 ? '' : 's'} since ${lastSnapshot.id}${platform}`;
}

function snapshotLine({ lastSnapshot }: Status, now: Date): string {
  if (!lastSnapshot) return 'none yet; migrate takes one before it changes anything';
  const { id, takenAt, bytes, inFolder } = lastSnapshot;
  return `${id}, ${age(new Date(takenAt), now)}, ${size(bytes)}${inFolder ? '' : ' compressed, only in the target'}`;
}

const most = 10;

/** "none", the one there is, or their number and the first ones below it. */
function listed(items: string[]): string {
  if (items.length === 0) return 'none';
  if (items.length === 1) return items[0]!;
  const shown = items.slice(0, most);
  return [
    `${items.length}:`,
    ...shown.map((item) => `  ${item}`),
    ...(items.length > most ? [`  … and ${items.length - most} more`] : []),
  ].join('\n');
}

const shortList = (items: string[]) => (items.length <= 3 ? items.join(', ') : `${items.slice(0, 3).join(', ')} …`);

const oneLine = (text: string | null) => (text === null ? '(nothing)' : text.replace(/\s+/g, ' ').slice(0, 100));
