/**
 * PostgreSQL prints some expressions in a form that changes once when the text is run and printed again: a cast of an
 * array of constants becomes an array of casts. Both mean the same; this turns the first into the second, so that a
 * state and its rebuilt copy compare equal. Only `(ARRAY[a, b])::type[]` is touched, outside string constants.
 */
export function settleSpelling(text: string): string {
  if (!text.includes('(ARRAY[')) return text;
  let result = '';
  let from = 0;
  for (let at = nextCode(text, 0, '(ARRAY['); at !== -1; at = nextCode(text, at + 1, '(ARRAY[', from)) {
    if (at < from) continue;
    const list = readList(text, at + '(ARRAY['.length);
    if (!list) continue;
    const cast = /^\)::((?:"(?:[^"]|"")*"|[\w.$ ]|\(\d+(?:,\d+)?\))+)\[\]/.exec(text.slice(list.end, list.end + 200));
    if (!cast) continue;
    result += `${text.slice(from, at)}ARRAY[${list.items.map((item) => `${wrapped(settleSpelling(item))}::${cast[1]}`).join(', ')}]`;
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

/** The next place behind this character, jumping over a string constant or quoted name that starts here. */
function step(text: string, at: number): number {
  const quote = text[at];
  if (quote !== "'" && quote !== '"') return at + 1;
  const escapes = quote === "'" && /[eE]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '');
  for (let end = at + 1; end < text.length; end++) {
    if (escapes && text[end] === '\\') end++;
    else if (text[end] === quote) {
      if (text[end + 1] !== quote) return end + 1;
      end++;
    }
  }
  return text.length;
}

/** Where `what` next stands outside string constants; positions before `known` are known to be code. */
function nextCode(text: string, start: number, what: string, known = 0): number {
  const first = text.indexOf(what, start);
  if (first === -1) return -1;
  for (let at = Math.min(known, start); at < text.length; at = step(text, at)) {
    if (at >= start && text.startsWith(what, at)) return at;
  }
  return -1;
}
