import type { Problem, SourcePlace } from './errors.ts';

/** The text of a Problem for people: message, place with caret, facts, state, next command. Plain text, no newline at its end. */
export function renderProblem(problem: Problem): string {
  const lines = [`Error: ${problem.message.split('\n').map(shownLine).join('\n')}`];
  if (problem.place) lines.push(...placeLines(problem.place));
  for (const detail of problem.detail) lines.push(...indented(detail));
  if (problem.state) lines.push(...indented(problem.state, 'State: '));
  if (problem.next) lines.push(...indented(problem.next, 'Next:  '));
  return lines.join('\n');
}

const indented = (text: string, label = '') =>
  text.split('\n').map((line, index) => `  ${index === 0 ? label : ' '.repeat(label.length)}${shownLine(line)}`);

/** Longest part of a line of SQL that is shown. */
const shownWidth = 100;

function placeLines({ file, line, column, text }: SourcePlace): string[] {
  const characters = [...text];
  const from = characters.length > shownWidth ? Math.max(0, column - 1 - shownWidth / 2) : 0;
  const shown = characters.slice(from, from + shownWidth);
  const head = from > 0 ? '…' : '';
  const tail = from + shownWidth < characters.length ? '…' : '';
  const before = shown
    .slice(0, column - 1 - from)
    .map(blank)
    .join('');
  const number = `  ${line} | `;
  return [
    `  ${shownLine(file)}:${line}:${column}`,
    `${number}${head}${shown.map(printable).join('')}${tail}`,
    `${' '.repeat(number.length - 2)}| ${head && ' '}${before}^`,
  ];
}

/** A file, its name and the words of a call can hold escape sequences that would act on the terminal. */
const shownLine = (line: string) => [...line].map(printable).join('');
const printable = (character: string) => (isControl(character) ? '�' : character);
const isControl = (character: string) => character !== '\t' && /\p{Cc}/u.test(character);

/** As much space as the character takes: tabs stay tabs, East Asian wide ones and most pictographs take two columns. */
function blank(character: string): string {
  if (character === '\t') return '\t';
  if (/\p{Mn}/u.test(character)) return '';
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? '  '
    : ' ';
}
