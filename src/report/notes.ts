import { headsList, intro, isFixedLine, isHeading, isListLine } from './generated-lines.ts';

/** What people wrote into MIGRATIONS.md. */
export interface Notes {
  /** What stands between the two markers of a version, byte for byte. */
  byVersion: Map<string, string>;
  /** Text that no pair of markers holds: damaged or doubled markers, or lines outside of them. In the order found. */
  loose: string[];
}

/** The pair that keeps loose text from one writing to the next. */
export const looseMark = 'unplaced';

export const openMark = (version: string) => `<!-- notes:${version} -->`;
export const closeMark = (version: string) => `<!-- /notes:${version} -->`;

/**
 * Finds every person's text in a MIGRATIONS.md, also when its markers are damaged: whatever the tool did not write itself
 * is kept. A file that the tool never wrote is kept whole, as loose text.
 */
export function readNotes(file: string): Notes {
  const text = file.replace(/^\ufeff/, '');
  const notes: Notes = { byVersion: new Map(), loose: [] };
  const marks = [...text.matchAll(anyMark)].map(({ 0: whole, 1: slash, 2: version, index }) => ({
    closes: slash === '/',
    version: version!,
    start: index,
    end: index + whole.length,
  }));
  if (marks.length === 0 && !text.includes(intro)) {
    keep(notes.loose, text);
    return notes;
  }
  let outside = 0;
  let afterOpen = false;
  for (let index = 0; index < marks.length; index += 1) {
    const [mark, next] = [marks[index]!, marks[index + 1]];
    keepOutside(notes.loose, text.slice(outside, mark.start), afterOpen);
    const whole = !mark.closes && next?.closes && next.version === mark.version;
    if (whole) place(notes, mark.version, text.slice(mark.end, next.start));
    if (whole) index += 1;
    outside = marks[index]!.end;
    afterOpen = !mark.closes && !whole;
  }
  keepOutside(notes.loose, text.slice(outside), afterOpen);
  return notes;
}

const anyMark = /<!--[ \t]*(\/?)notes:(\d+|unplaced)[ \t]*-->/g;

function place(notes: Notes, version: string, content: string): void {
  const known = notes.byVersion.get(version);
  if (version === looseMark) keep(notes.loose, content);
  else if (known === undefined || known.trim() === '') notes.byVersion.set(version, content);
  else if (known !== content) keep(notes.loose, content);
}

/**
 * Keeps what is not ours of the text between two pairs. After a heading comes our list, up to an empty line; a person's text
 * reaches to the next heading. `inNote`: the text begins inside a note whose end is missing.
 */
function keepOutside(loose: string[], text: string, inNote: boolean): void {
  let found: string[] = [];
  let place: 'note' | 'heading' | 'list' | 'between' = inNote ? 'note' : 'between';
  for (const line of text.split('\n')) {
    const bare = line.replace(/\r$/, '');
    if (isHeading(bare)) {
      keep(loose, found.join('\n'));
      found = [];
      place = headsList(bare) ? 'heading' : 'between';
    } else if (place === 'note') {
      found.push(line);
    } else if (bare === '' && found.length === 0) {
      if (place === 'list') place = 'between';
    } else if ((place === 'heading' || place === 'list') && isListLine(bare)) {
      place = 'list';
    } else if (!isFixedLine(bare) || found.length > 0) {
      found.push(line);
      place = 'note';
    }
  }
  keep(loose, found.join('\n'));
}

/** Empty lines around loose text are not kept, so that writing twice changes nothing. */
function keep(loose: string[], text: string): void {
  const trimmed = text.replace(/^(?:[ \t]*\r?\n)+/, '').trimEnd();
  if (trimmed !== '' && !loose.includes(trimmed)) loose.push(trimmed);
}
