import type { KeptCopy, KeptRun } from '../kept/copies.ts';
import { printable } from '../report/printable.ts';
import { age, count, size } from './text.ts';

/** Columns of a terminal that the table takes at most. */
const widest = 100;

/** Copies below the run that kept them, and what they come to together. */
export function keptTable(copies: KeptCopy[]): string {
  const head = ['ID', 'TABLE', 'WHAT', 'ROWS', 'SIZE', 'PUT BACK'];
  const cells = [head, ...copies.map(rowOf)];
  const widths = fitWidths(head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length))));
  const line = (row: string[]) =>
    row
      .map((cell, column) => (numeric.has(column) ? cell.padStart(widths[column]!) : cut(cell, widths[column]!).padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  const lines = [line(head)];
  for (const [index, copy] of copies.entries()) {
    if (copies[index - 1]?.run.id !== copy.run.id) lines.push('', heading(copy));
    lines.push(line(cells[index + 1]!));
  }
  const sum = (of: (copy: KeptCopy) => number) => copies.reduce((total, copy) => total + of(copy), 0);
  return [
    ...lines,
    '',
    `Total: ${count(copies.length, 'copy', 'copies')}, ${count(
      sum(({ rows }) => rows),
      'row',
    )}, ${size(sum(({ bytes }) => bytes))}.`,
  ].join('\n');
}

/** "20260102000000_v0_2_0_tags", "rollback of 20260102000000". */
export function runName({ kind, version, name, undone }: KeptRun): string {
  if (kind === 'migrate') return printable([version, name].filter(Boolean).join('_'));
  return printable(undone.length > 0 ? `rollback of ${undone.join(', ')}` : `rollback to ${name ?? version}`);
}

export const copyName = ({ table }: Pick<KeptCopy, 'table'>) => printable(`${table.schema}.${table.name}`);

const numeric = new Set([0, 3, 4]);

function rowOf(copy: KeptCopy): string[] {
  const { id, what, columns, rows, bytes, putBack } = copy;
  const which = columns.length > 0 ? `: ${columns.map(printable).join(', ')}` : '';
  return [
    String(id),
    copyName(copy),
    `${what}${which}`,
    rows.toLocaleString('en-US'),
    size(bytes),
    putBack ? `${putBack.rowsLeft > 0 ? 'in part, ' : ''}${putBack.run.kind} ${putBack.run.appliedAt.slice(0, 10)}` : 'not yet',
  ];
}

function heading({ run, ageSeconds }: KeptCopy): string {
  const when = `, ${run.appliedAt.slice(0, 16).replace('T', ' ')} UTC, ${age(new Date(0), new Date(ageSeconds * 1000))}`;
  const name = run.kind === 'migrate' ? `migrate ${runName(run)}` : runName(run);
  return cut(name, widest - when.length) + when;
}

/** Names give way where a line would be too long, the list of columns first. */
function fitWidths(widths: number[]): number[] {
  const room = widest - 2 * (widths.length - 1);
  const fitted = [...widths];
  for (const [column, least] of [
    [2, 24],
    [1, 16],
  ] as const) {
    const over = fitted.reduce((sum, width) => sum + width, 0) - room;
    if (over > 0) fitted[column] = Math.max(Math.min(least, fitted[column]!), fitted[column]! - over);
  }
  return fitted;
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
