import { failed, type Problem, type SourcePlace } from './errors.ts';

/** The fields of a server's error that we show; node-postgres gives positions as strings, 1-based and in code points. */
export interface ServerError {
  message: string;
  code?: string;
  position?: string | number;
  detail?: string;
  hint?: string;
  where?: string;
  internalQuery?: string;
  internalPosition?: string | number;
}

/** A part of a text that was put together from files: from `start` on it is what stands at `offset`, in that 1-based line, of the file. */
export interface Origin {
  start: number;
  file: string;
  /** The whole text of the file. */
  text: string;
  offset: number;
  line: number;
}

/** The path to show of a text, or where its parts come from, in their order. */
export type Source = string | Origin[];

/** Line, column (1-based, in characters) and text of the line that holds the UTF-16 offset. */
export function placeAt(file: Source, text: string, offset: number): SourcePlace {
  if (typeof file !== 'string') {
    const origin = file.findLast(({ start }) => start <= offset);
    if (!origin) throw new Error('a text without origin');
    return placeAt(origin.file, origin.text, origin.offset + offset - origin.start);
  }
  const safe = Math.max(0, Math.min(offset, text.length));
  const start = safe === 0 ? 0 : text.lastIndexOf('\n', safe - 1) + 1;
  const end = text.indexOf('\n', safe);
  const line = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '');
  let lines = 1;
  for (let next = text.indexOf('\n'); next >= 0 && next < start; next = text.indexOf('\n', next + 1)) lines++;
  return { file, line: lines, column: codePoints(text.slice(start, safe)) + 1, text: line };
}

/**
 * A server's error about `fileText.slice(sliceStart, …)`, as a Problem that points into the file. Without a position it points at the
 * slice's start. `state` and `next` are the caller's, who knows what was rolled back.
 */
export function sqlProblem(
  error: ServerError,
  file: Source,
  fileText: string,
  sliceStart: number,
  more: { state?: string; next?: string; sliceEnd?: number } = {},
): Problem {
  const position = Number(error.position ?? 0);
  const slice = fileText.slice(sliceStart, more.sliceEnd);
  const offset = position > 0 ? offsetOfCodePoint(slice, position - 1) : offsetOfFirstWord(slice);
  const code = error.code ? ` (${error.code})` : '';
  return failed('sql_failed', `${error.message}${code}`, {
    place: placeAt(file, fileText, sliceStart + offset),
    detail: serverDetails(error),
    state: more.state,
    next: more.next,
    sqlState: error.code,
    cause: error,
  });
}

function serverDetails(error: ServerError): string[] {
  const lines: string[] = [];
  if (error.detail) lines.push(`Detail: ${error.detail}`);
  if (error.hint) lines.push(`Hint: ${error.hint}`);
  if (error.internalQuery) {
    const inner = placeAt('', error.internalQuery, offsetOfCodePoint(error.internalQuery, Number(error.internalPosition ?? 1) - 1));
    lines.push(`In the statement: ${inner.text.trim()}`);
  }
  if (error.where) lines.push(`Where: ${error.where}`);
  return lines;
}

/** UTF-16 offset of the code point that stands `count` code points into the text. */
export function offsetOfCodePoint(text: string, count: number): number {
  let offset = 0;
  for (let seen = 0; seen < count && offset < text.length; seen++) offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  return offset;
}

/** UTF-16 offset of the character that stands `bytes` bytes into the text's UTF-8 form. */
export function offsetOfByte(text: string, bytes: number): number {
  let offset = 0;
  for (let seen = 0; seen < bytes && offset < text.length; ) {
    const code = text.codePointAt(offset) ?? 0;
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    offset += code > 0xffff ? 2 : 1;
  }
  return offset;
}

const codePoints = (text: string) => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** Skips space and comments, so that an error without a position points at a word. */
function offsetOfFirstWord(slice: string): number {
  const skipped = /^(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(slice)?.[0].length ?? 0;
  return skipped < slice.length ? skipped : 0;
}
