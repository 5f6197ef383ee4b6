import { skipQuoted } from './canonical-scan.ts';

/**
 * PostgreSQL prints some expressions in a form that changes once when the text is run and printed again: a cast of an
 * array of constants becomes an array of casts. Both mean the same; this turns the first into the second, so that a
 * state and its rebuilt copy compare equal. Only `(ARRAY[a, b])::type[]` is touched, outside string constants.
 */
export const settleSpelling = (text: string): string => rewrite(text, ({ items, type }) => settled(items, type));

/**
 * The text of a dump, so written that running it makes the expressions as they were: compared with ANY or ALL, an array is
 * cast by the operator itself, and prints again as it did; a written cast would be pushed down to its elements.
 */
export const rerunnable = (sql: string): string =>
  rewrite(sql, ({ items, type, before }) =>
    isCompared(before) ? `ARRAY[${items.join(', ')}]` : `(ARRAY[${items.join(', ')}])::${type}[]`,
  );

/** Statements planned from settled expressions, so written that they make those of the dump `goal`. */
export function respell(statement: string, goal: string): string {
  if (!statement.includes('ARRAY[(')) return statement;
  let result = statement;
  rewrite(goal, ({ items, type, before }) => {
    if (isCompared(before)) result = result.replaceAll(`(${settled(items, type)})`, `(ARRAY[${items.join(', ')}])`);
    return '';
  });
  return result;
}

interface CastArray {
  items: string[];
  /** What the elements are cast to. */
  type: string;
  /** The text before it. */
  before: string;
}

const mark = '(ARRAY[';
const isCompared = (before: string) => /\s(?:ANY|ALL) \($/.test(before);
const settled = (items: string[], type: string) => `ARRAY[${items.map((item) => `${wrapped(settleSpelling(item))}::${type}`).join(', ')}]`;

/** Writes every `(ARRAY[…])::type[]` outside of quotes anew. */
function rewrite(text: string, write: (array: CastArray) => string): string {
  if (!text.includes(mark)) return text;
  let result = '';
  let from = 0;
  for (let at = nextCode(text, 0, mark); at !== -1; at = nextCode(text, at + 1, mark, from)) {
    if (at < from) continue;
    const list = readList(text, at + mark.length);
    if (!list) continue;
    const cast = /^\)::((?:"(?:[^"]|"")*"|[\w.$ ]|\(\d+(?:,\d+)?\))+)\[\]/.exec(text.slice(list.end, list.end + 200));
    if (!cast) continue;
    result += text.slice(from, at) + write({ items: list.items, type: cast[1]!, before: text.slice(Math.max(0, at - 8), at) });
    from = list.end + cast[0].length;
  }
  return from === 0 ? text : result + text.slice(from);
}

const wrapped = (item: string) => (/^\(/.test(item) && closes(item) ? item : `(${item})`);

/** Whether the first parenthesis of the text is closed by its last character. */
function closes(item: string): boolean {
  let depth = 0;
  for (let at = 0; at < item.length; at = step(item, at)) {
    if (item[at] === '(') depth++;
    if (item[at] === ')' && --depth === 0) return at === item.length - 1;
  }
  return false;
}

/** The elements up to the closing bracket, and the place behind it. */
function readList(text: string, start: number): { items: string[]; end: number } | undefined {
  const items: string[] = [];
  let depth = 0;
  let itemStart = start;
  for (let at = start; at < text.length; at = step(text, at)) {
    const character = text[at];
    if (character === '(' || character === '[') depth++;
    else if (character === ']' && depth === 0) {
      items.push(text.slice(itemStart, at).trim());
      return { items, end: at + 1 };
    } else if (character === ')' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      items.push(text.slice(itemStart, at).trim());
      itemStart = at + 1;
    }
  }
  return undefined;
}

/** The next place behind this character, jumping over whatever is quoted (a function's body too) or a comment that starts here. */
const step = (text: string, at: number): number => Math.max(skipQuoted(text, at), at + 1);

/** Where `what` next stands outside string constants; positions before `known` are known to be code. */
function nextCode(text: string, start: number, what: string, known = 0): number {
  const first = text.indexOf(what, start);
  if (first === -1) return -1;
  for (let at = Math.min(known, start); at < text.length; at = step(text, at)) {
    if (at >= start && text.startsWith(what, at)) return at;
  }
  return -1;
}
