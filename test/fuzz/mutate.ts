import type { Draw } from '../random.ts';

/** Texts that went wrong somewhere, in one program or another. */
export const nasty: readonly string[] = [
  '',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u001b[2J',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\udfff',
  '😀',
  'é',
  'ß',
  'İ',
  'ﬀ',
  'e\u0301\u0301\u0301',
  '.',
  '..',
  '../',
  '../../../../etc/passwd',
  '..\\..\\x',
  '/',
  '/etc/passwd',
  '~',
  '~/.ssh/id_rsa',
  '//',
  'C:\\',
  'con',
  'a/b',
  './x',
  'x/',
  '-',
  '--',
  '-x',
  '--help',
  '--yes',
  '--workdir=/',
  '--output-format',
  '-rf',
  '@file',
  '$(id)',
  '`id`',
  '$HOME',
  '%00',
  '%s%n',
  ';',
  '|',
  '&',
  '>',
  '*',
  '?',
  '!',
  "'",
  '"',
  "''",
  '""',
  "'''",
  '"""',
  '\\',
  '\\\\',
  "\\'",
  '$$',
  '$a$',
  "E'",
  "U&'",
  '/*',
  '*/',
  '--x',
  '\\i x',
  '\\copy',
  "'; drop table x; --",
  '(',
  ')',
  '((((((((',
  '[',
  ']',
  '[[',
  '{',
  '}',
  '{{',
  '=',
  ':',
  ',',
  '#',
  '<!--',
  '<script>',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e309',
  '1e-400',
  'NaN',
  'Infinity',
  '0x10',
  '1_000',
  '00',
  '9007199254740993',
  '99999999999999',
  '99999999999999999999999999',
  '٣',
  '２０２６',
  'null',
  'undefined',
  'true',
  'false',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '20260231000000',
  '20261301000000',
  '00000000000000',
  '19691231235959',
  'v0.0.0',
  'v1.2.3',
  'v1.2',
  'V1_2_3',
  'v999999999999999999999_0_0',
  '_after',
  '.1',
  '.0',
  '.2',
  '.99999999999999999999',
];

/** Long texts, for what takes more than its share of time or stack. */
const long: readonly ((draw: Draw) => string)[] = [
  (draw) => draw.one(nasty).repeat(1 + draw.below(3000)),
  (draw) => draw.one(['(', '[', '{', '/*', 'a', '1', '_', ' ', '-', '.', 'a=', 'a.', '"', "'", '\n', 'é']).repeat(1 + draw.below(20_000)),
  (draw) => Array.from({ length: draw.below(200) }, () => draw.one(nasty)).join(draw.one(['', ' ', '\n', ',', '_'])),
];

/** A valid text after one to six changes, or something nasty altogether. `others` lend their parts. */
export function mutate(draw: Draw, text: string, others: readonly string[]): string {
  if (draw.chance(0.06)) return draw.one(nasty);
  if (draw.chance(0.03)) return draw.one(long)(draw);
  let changed = text;
  for (let times = draw.below(7); times > 0; times--) changed = draw.one(changes)(draw, changed, others);
  return changed;
}

type Change = (draw: Draw, text: string, others: readonly string[]) => string;

const put = (text: string, from: number, to: number, part: string) => text.slice(0, from) + part + text.slice(to);
const place = (draw: Draw, text: string) => draw.below(text.length + 1);
const stretch = (draw: Draw, text: string): [number, number] => {
  const from = place(draw, text);
  return [from, Math.min(text.length, from + draw.below(draw.chance(0.2) ? text.length + 1 : 8))];
};

const changes: readonly Change[] = [
  (draw, text) => put(text, ...same(place(draw, text)), draw.one(nasty)),
  (draw, text) => put(text, ...stretch(draw, text), draw.one(nasty)),
  (draw, text) => put(text, ...stretch(draw, text), ''),
  (draw, text) => put(text, ...same(place(draw, text)), String.fromCharCode(draw.chance(0.7) ? draw.below(128) : draw.below(65_536))),
  (draw, text) => {
    const [from, to] = stretch(draw, text);
    return put(text, ...same(place(draw, text)), text.slice(from, to).repeat(1 + draw.below(4)));
  },
  (draw, text, others) => {
    const other = draw.one(others);
    return put(text, ...stretch(draw, text), other.slice(...stretch(draw, other)));
  },
  (draw, text) => text.replace(/\d+/, () => draw.one(nasty)),
  (draw, text) => words(text, (word) => (draw.chance(0.2) ? draw.one([word.toUpperCase(), `${word}${word}`, draw.one(nasty), '']) : word)),
  (draw, text) =>
    text
      .split('\n')
      .map((line) => (draw.chance(0.3) ? draw.one(['', line + line, ` ${line}`, `${line}\r`]) : line))
      .join('\n'),
  (draw, text) => (draw.chance(0.1) ? put(text, ...same(place(draw, text)), draw.one(long)(draw)) : text.slice(0, place(draw, text))),
];

const same = (at: number): [number, number] => [at, at];
const words = (text: string, change: (word: string) => string) => text.replace(/[A-Za-z_]+/g, change);
