/**
 * The index just after the string, quoted name, dollar quote or comment that begins at `at`; `at` itself when none
 * begins there. An unfinished one reaches to the end.
 */
export const skipQuoted = (sql: string, at: number): number => {
  switch (sql[at]) {
    case "'":
      return isEscapeString(sql, at) ? endOfEscapeString(sql, at) : endOfDoubled(sql, at, "'");
    case '"':
      return endOfDoubled(sql, at, '"');
    case '$':
      return endOfDollarQuote(sql, at);
    case '-':
      return sql[at + 1] === '-' ? orEnd(sql, sql.indexOf('\n', at)) : at;
    default:
      return at;
  }
};

/** Splits at every `mark` that stands outside quotes, comments and brackets. The marks are left out. */
export const splitAt = (sql: string, mark: ',' | ';'): string[] => {
  const parts: string[] = [];
  let from = 0;
  walkTop(sql, 0, (char, at) => {
    if (char === mark) {
      parts.push(sql.slice(from, at));
      from = at + 1;
    }
    return true;
  });
  return [...parts, sql.slice(from)];
};

/** The first bracketed group outside quotes: the indexes of its opening and closing bracket. */
export const firstGroup = (sql: string, from = 0): { open: number; close: number } | undefined => {
  let open = -1;
  let close = -1;
  walk(sql, from, (char, at, depth) => {
    if (char === '(' && open < 0) open = at;
    if (char === ')' && depth === 0) close = at;
    return close < 0;
  });
  return close < 0 ? undefined : { open, close };
};

const walkTop = (sql: string, from: number, visit: (char: string, at: number) => boolean) =>
  walk(sql, from, (char, at, depth) => depth > 0 || visit(char, at));

/** Visits brackets, commas and semicolons outside quotes, each with its depth, until told to stop. */
const walk = (sql: string, from: number, visit: (char: string, at: number, depth: number) => boolean) => {
  const mark = /['"$]|--|[()[\],;]/g;
  mark.lastIndex = from;
  let depth = 0;
  for (let match = mark.exec(sql); match; match = mark.exec(sql)) {
    const char = match[0];
    const past = skipQuoted(sql, match.index);
    if (past > match.index) {
      mark.lastIndex = past;
      continue;
    }
    if (char === ')' || char === ']') depth -= 1;
    if (!visit(char, match.index, depth)) return;
    if (char === '(' || char === '[') depth += 1;
  }
};

const isEscapeString = (sql: string, at: number) => /[eE]/.test(sql[at - 1] ?? '') && !isNamePart(sql[at - 2] ?? ' ');

const endOfDoubled = (sql: string, at: number, quote: string): number => {
  let end = sql.indexOf(quote, at + 1);
  while (end >= 0 && sql[end + 1] === quote) end = sql.indexOf(quote, end + 2);
  return end < 0 ? sql.length : end + 1;
};

const endOfEscapeString = (sql: string, at: number): number => {
  const mark = /\\[\s\S]|''|'/g;
  mark.lastIndex = at + 1;
  for (let match = mark.exec(sql); match; match = mark.exec(sql)) if (match[0] === "'") return mark.lastIndex;
  return sql.length;
};

const endOfDollarQuote = (sql: string, at: number): number => {
  if (isNamePart(sql[at - 1] ?? ' ')) return at;
  const tag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
  tag.lastIndex = at;
  const match = tag.exec(sql);
  if (!match) return at;
  const end = sql.indexOf(match[0], tag.lastIndex);
  return end < 0 ? sql.length : end + match[0].length;
};

const isNamePart = (char: string) => /[\w$\u0080-\uffff]/.test(char);
const orEnd = (sql: string, index: number) => (index < 0 ? sql.length : index);
