import { failed } from '../errors.ts';
import { type Origin, placeAt, type Source } from '../sql-error.ts';
import { cutSql } from './cut.ts';

/** A line `\i` or `\ir` of psql, which the text of another file takes the place of. Offsets are those of the including text. */
export interface Include {
  at: number;
  /** Behind the line, before its line end. */
  end: number;
  /** As written. */
  path: string;
  /** Whether the path counts from the folder of the including file. */
  fromFile: boolean;
}

/** A piece of a file that stands in a text put together from files; one that ends its file closes its last statement. */
export interface Piece {
  file: string;
  text: string;
  from: number;
  to: number;
  closes: boolean;
}

const commands = new Map([
  ['\\i', false],
  ['\\include', false],
  ['\\ir', true],
  ['\\include_relative', true],
]);

/** The first include of a text from an offset on. Throws a Problem at one that names no file or stands within a statement. */
export function nextInclude(file: string, sql: string, from: number): Include | undefined {
  if (!sql.includes('\\i', from)) return undefined;
  for (const cut of cutSql(sql, from)) {
    if (cut.kind !== 'meta-command') continue;
    const fromFile = commands.get(cut.word);
    if (fromFile === undefined) return undefined;
    const refuse = (message: string, next: string) =>
      failed('bad_sql', message, { place: placeAt(file, sql, cut.first), state: 'The file was only read; nothing was changed.', next });
    if (cut.inside) throw refuse(`${cut.word} stands within a statement`, 'End the statement before it with a semicolon.');
    const lineEnd = sql.indexOf('\n', cut.first);
    const end = lineEnd < 0 ? sql.length : lineEnd;
    const path = pathOf(sql.slice(cut.first + cut.word.length, end).trim());
    if (!path)
      throw refuse(
        `${cut.word} takes the path of one file, as it is or in single quotes`,
        `Write ${cut.word} path/to/file.sql, on a line of its own.`,
      );
    return { at: cut.first, end, path, fromFile };
  }
  return undefined;
}

/** Throws a Problem when the file ends within a string, comment, parenthesis or body: what follows in the including file would be taken into it. */
export function refuseOpenEnd(file: string, sql: string, from: number): void {
  const tail = `${sql.slice(from)}\n;`;
  const last = [...cutSql(tail)].at(-1);
  if (last?.kind !== 'statement' || last.from === tail.length) return;
  throw failed('bad_sql', `${file} ends within a string, a comment, a parenthesis or a body`, {
    place: placeAt(file, sql, from + (last.first < 0 ? last.from : last.first)),
    state: 'The file was only read; nothing was changed.',
    next: 'Close what this statement opens: an included file holds whole statements.',
  });
}

/** As psql reads it, but for its variables and shell commands. */
function pathOf(words: string): string | undefined {
  const [, quoted, plain] = /^(?:'((?:[^'\\]|'')+)'|([^\s'"`\\:;][^\s'"`\\;]*))\s*;*$/.exec(words) ?? [];
  return quoted?.replaceAll("''", "'") ?? plain;
}

/** The text of all pieces, and where each of them comes from. A file's end ends its last statement, as in psql. */
export function joinPieces(pieces: Piece[]): { text: string; source: Source } {
  let text = '';
  const origins: Origin[] = [];
  for (const { file, text: whole, from, to, closes } of pieces) {
    origins.push({ start: text.length, file, text: whole, offset: from, line: whole.slice(0, from).split('\n').length });
    text += `${whole.slice(from, to)}${closes ? '\n;' : ''}`;
  }
  return { text, source: origins };
}
