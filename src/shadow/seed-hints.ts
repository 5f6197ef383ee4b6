/** What a constraint says of one column next to a literal: `char_length(name) <= 50` is { column: 'name', of: 'char_length', operator: '<=', literal: '50' }. */
export interface Hint {
  column: string;
  /** The function around the column. */
  of?: string;
  operator: string;
  literal: string;
  /** What is asked of a JSON value: the key after -> or ->>. */
  key?: string;
}

/** `low` stands on the smaller side of a comparison with `high`. */
export interface Order {
  low: string;
  high: string;
}

/** What the text of a constraint, as PostgreSQL prints it, says of its columns. A guess: it is tried, not believed. */
export function readHints(text: string, columns: string[]): { hints: Hint[]; orders: Order[] } {
  const hints: Hint[] = [];
  const orders: Order[] = [];
  const known = new Set(columns);
  const words = withoutLoneBrackets(withoutCasts(text.match(token) ?? []));
  let column: string | undefined;
  let of: string | undefined;
  let operator = '';
  let key: string | undefined;
  let waiting: string | undefined;
  const forget = () => {
    column = of = key = waiting = undefined;
    operator = '';
  };
  for (const [place, word] of words.entries()) {
    if (/^(and|or|not|check|when|then|else|case|end)$/i.test(word)) {
      forget();
      continue;
    }
    const name = nameOf(word);
    const literal = literalOf(word, words[place - 1], words[place - 2]);
    if (name !== undefined && known.has(name) && words[place + 1] !== '(') {
      if (column !== undefined && comparison.test(operator)) orders.push(...orderOf(column, operator, name));
      if (column === undefined && waiting !== undefined && comparison.test(operator))
        hints.push({ column: name, operator: mirrored(operator), literal: waiting });
      column = name;
      of = words[place - 1] === '(' && /^[a-z_]\w*$/i.test(words[place - 2] ?? '') ? words[place - 2]!.toLowerCase() : undefined;
      if (of === 'check' || of === 'and' || of === 'or' || of === 'not' || of === 'in') of = undefined;
      operator = '';
    } else if (sign.test(word) && !(word === '-' && /^[\d.]/.test(words[place + 1] ?? ''))) {
      operator = word;
    } else if (literal !== undefined && column === undefined) {
      waiting = literal;
    } else if (literal !== undefined && (operator === '->' || operator === '->>' || operator === '?')) {
      key = literal;
      hints.push({ column: column!, operator: '?', literal, key });
    } else if (literal !== undefined) {
      hints.push({ column: column!, operator: operator || '=', literal, ...(of ? { of } : {}), ...(key ? { key } : {}) });
    }
  }
  return { hints, orders };
}

const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|::|[<>=!~*@#%^&|+\-/?]+|\S/gu;
const sign = /^[<>=!~*@#%^&|+\-/?]+$/;
const comparison = /^[<>]=?$|^=$/;

const nameOf = (word: string): string | undefined =>
  word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : /^[\p{L}_]/u.test(word) ? word : undefined;

const literalOf = (word: string, before: string | undefined, beforeThat: string | undefined): string | undefined => {
  if (word.startsWith("'")) return word.slice(1, -1).replaceAll("''", "'");
  if (/^(true|false)$/i.test(word)) return word;
  if (!/^\d/.test(word)) return undefined;
  return before === '-' && !/^[\d')]/.test(beforeThat ?? '') ? `-${word}` : word;
};

const mirrored = (operator: string): string => operator.replace(/[<>]/, (side) => (side === '<' ? '>' : '<'));

const orderOf = (left: string, operator: string, right: string): Order[] =>
  operator === '=' || left === right ? [] : operator.startsWith('<') ? [{ low: left, high: right }] : [{ low: right, high: left }];

/** Without `::character varying(10)[]` and the like. */
function withoutCasts(words: string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    if (words[at] !== '::') {
      kept.push(words[at]!);
      continue;
    }
    at += 1;
    while (words[at + 1] === '.') at += 2;
    for (;;) {
      if (/^(varying|precision|with|without|time|zone)$/.test(words[at + 1] ?? '')) at += 1;
      else if (words[at + 1] === '(' && /^\d/.test(words[at + 2] ?? '')) at = words.indexOf(')', at);
      else if (words[at + 1] === '[') at = words.indexOf(']', at);
      else break;
    }
  }
  return kept;
}

/** `((status) = 'a')` without the brackets that stand around one word alone. */
function withoutLoneBrackets(words: string[]): string[] {
  const kept: string[] = [];
  for (const word of words) {
    const [before, open] = [kept.at(-3), kept.at(-2)];
    const called = before !== undefined && /^[\p{L}_"]/u.test(before) && !/^(check|and|or|not|in)$/i.test(before);
    if (word === ')' && open === '(' && !called) kept.splice(-2, 1);
    else kept.push(word);
  }
  return kept;
}
