/** What moves a terminal's cursor, ends a line or turns the direction of reading. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A name on one line, with what can't be seen written out: a line end as `\n`, others as `\u{1b}`. */
export const printable = (text: string): string =>
  text.replace(unprintable, (character) => named[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** Text of several lines, with what would act on the terminal written out. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split('\t').map(printable).join('\t'))
    .join('\n');

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
