/**
 * A text that a regular expression is likely to match, another one for each `k` where the pattern leaves room.
 * Knows literals, classes, groups, alternatives and counts; what it does not know it takes for a letter.
 */
export function textForPattern(pattern: string, k: number): string {
  let at = 0;
  let rest = k;
  /** Takes a part of `k`: each place in the text that can vary shows another digit of it. */
  const choose = <T>(options: T[]): T => {
    const chosen = options[rest % options.length]!;
    rest = Math.floor(rest / options.length);
    return chosen;
  };
  const alternatives = (): (() => string) => {
    const branches = [sequence()];
    while (pattern[at] === '|') {
      at += 1;
      branches.push(sequence());
    }
    return () => choose(branches)();
  };
  const sequence = (): (() => string) => {
    const parts: (() => string)[] = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(counted(atom()));
    return () => parts.map((part) => part()).join('');
  };
  const atom = (): (() => string) => {
    const sign = pattern[at++]!;
    if (sign === '^' || sign === '$') return () => '';
    if (sign === '.') return () => choose(letters);
    if (sign === '\\') return escaped(pattern[at++] ?? '');
    if (sign === '[') return bracket();
    if (sign !== '(') return () => sign;
    const looks = /^\?[=!<]+/.exec(pattern.slice(at))?.[0] ?? '';
    at += looks ? looks.length : pattern.startsWith('?:', at) ? 2 : 0;
    const inner = alternatives();
    at += 1;
    return looks ? () => '' : inner;
  };
  const escaped = (sign: string): (() => string) => {
    if (/[AZmMyYbB<>]/.test(sign)) return () => '';
    const set = classes[sign];
    return set ? () => choose(set) : () => sign;
  };
  const bracket = (): (() => string) => {
    const negated = pattern[at] === '^';
    if (negated) at += 1;
    const set: string[] = [];
    for (let first = true; at < pattern.length && (first || pattern[at] !== ']'); first = false) {
      const named = /^\[:(\w+):\]/.exec(pattern.slice(at));
      if (named) {
        set.push(...(classes[named[1]!] ?? letters));
        at += named[0].length;
      } else if (pattern[at] === '\\') {
        set.push(...(classes[pattern[at + 1]!] ?? [pattern[at + 1] ?? '']));
        at += 2;
      } else if (pattern[at + 1] === '-' && pattern[at + 2] !== ']') {
        set.push(...between(pattern[at]!, pattern[at + 2] ?? ''));
        at += 3;
      } else set.push(pattern[at++]!);
    }
    at += 1;
    if (!negated) return () => choose(set.length > 0 ? set : letters);
    const others = [...letters, ...digits, '-'].filter((sign) => !set.includes(sign));
    return () => choose(others.length > 0 ? others : letters);
  };
  const counted = (one: () => string): (() => string) => {
    const count = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(pattern.slice(at));
    if (!count) return one;
    at += count[0].length;
    const least = count[1] ? (count[1] === '+' ? 1 : 0) : Number(count[2]);
    const most = count[1] ? (count[1] === '?' ? 1 : least + 8) : count[3] === undefined ? least : count[4] ? Number(count[4]) : least + 8;
    const times = count[1] === '?' ? 0 : Math.max(least, Math.min(most, 3));
    return () => Array.from({ length: times }, one).join('');
  };
  return alternatives()();
}

/** A text that LIKE matches. */
export function textForLike(pattern: string, k: number): string {
  let varied = false;
  return pattern.replace(/\\(.)|%|_/gs, (sign, literal: string | undefined) => {
    if (literal !== undefined) return literal;
    if (sign === '_') return letters[k % letters.length]!;
    if (varied) return 'a';
    varied = true;
    return `a${k}`;
  });
}

const between = (first: string, last: string): string[] => {
  const from = first.codePointAt(0) ?? 0;
  const count = Math.min(200, Math.max(1, (last.codePointAt(0) ?? from) - from + 1));
  return Array.from({ length: count }, (_, step) => String.fromCodePoint(from + step));
};
const letters = between('a', 'z');
const capitals = between('A', 'Z');
const digits = between('0', '9');
const classes: Record<string, string[]> = {
  d: digits,
  D: letters,
  w: letters,
  W: ['-'],
  s: [' '],
  S: letters,
  alpha: letters,
  lower: letters,
  upper: capitals,
  digit: digits,
  alnum: letters,
  xdigit: digits,
  space: [' '],
  punct: ['-'],
};
