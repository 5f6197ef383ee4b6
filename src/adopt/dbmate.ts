import { failed } from '../errors.ts';
import { placeAt } from '../sql-error.ts';
import { tidyName, type EarlierMigration, type FoundFile } from './earlier.ts';

const form = /^(\d+)(.*)\.sql$/s;
const directive = /^--\s*migrate:(up|down)(?:[^\S\n]*$|[^\S\n]+\S.*$)/gm;

/** Whether a file is written for dbmate. */
export const isDbmate = (text: string): boolean => /^--\s*migrate:up\b/m.test(text);

/** Files of dbmate, in its order: by their names. */
export function readDbmate(files: FoundFile[]): { migrations: EarlierMigration[]; notes: string[] } {
  const ours = files.filter(({ fileName }) => form.test(fileName)).sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  const migrations = ours.map((file): EarlierMigration => {
    const [, number = '', words = ''] = form.exec(file.fileName)!;
    const { up, down } = sectionsOf(file.text, file.label);
    return {
      label: file.label,
      fileName: file.fileName,
      number,
      name: tidyName(words),
      bytes: file.bytes,
      up: Buffer.from(up),
      ...(down === undefined ? {} : { down: { label: file.label, text: down } }),
    };
  });
  const others = files.filter(({ fileName }) => !form.test(fileName));
  return { migrations, notes: others.map(({ label }) => `Has no number, left alone: ${label}`) };
}

interface Block {
  way: 'up' | 'down';
  text: string;
  /** `transaction:false` stands behind its directive. */
  alone: boolean;
}

/** Both ways of a file; it may hold several pairs, which run one after the other. Throws a Problem at what dbmate would not take either. */
export function sectionsOf(text: string, label: string): { up: string; down: string | undefined } {
  const marks = [...text.matchAll(directive)];
  const first = marks[0];
  const refuse = (message: string, at: number, next: string) =>
    failed('bad_sql', message, { place: placeAt(label, text, at), state: 'Nothing was changed.', next });
  if (!first)
    throw refuse(
      'this file has no line "-- migrate:up"',
      0,
      'Write that line above its statements, and "-- migrate:down" above the way back.',
    );
  if (first[1] === 'down') throw refuse('"-- migrate:down" stands before any "-- migrate:up"', first.index, 'Put what runs forward first.');
  const before = text.slice(0, first.index);
  const stray = /^(?!\s*--)[^\S\n]*\S/m.exec(before);
  if (stray)
    throw refuse('a statement stands before "-- migrate:up"', stray.index, 'Move it below that line; dbmate does not run it where it is.');
  const blocks = marks.map(
    (mark, index): Block => ({
      way: mark[1] as Block['way'],
      text: text.slice(mark.index + mark[0].length, marks[index + 1]?.index ?? text.length),
      alone: /(?:^|\s)transaction:false(?:\s|$)/.test(mark[0]),
    }),
  );
  const twice = blocks.findIndex(({ way }, index) => way === 'down' && blocks[index - 1]?.way === 'down');
  if (twice > 0)
    throw refuse('two "-- migrate:down" follow each other', marks[twice]!.index, 'Join them, or put "-- migrate:up" between them.');
  const [ups, downs] = (['up', 'down'] as const).map((way) => blocks.filter((block) => block.way === way));
  return {
    up: upOf(before.trim(), ups!),
    down:
      downs!.length === 0
        ? undefined
        : `${downs!
            .map(({ text: sql }) => sql.trim())
            .join('\n\n')
            .trim()}\n`,
  };
}

/** A part that does not run in a transaction makes all of the file run in steps; the other parts of it stay whole between BEGIN and COMMIT. */
function upOf(comment: string, blocks: Block[]): string {
  const inSteps = blocks.some(({ alone }) => alone);
  const parts = blocks.map(({ text, alone }) => (inSteps && !alone ? `BEGIN;\n${text.trim()}\nCOMMIT;` : text.trim()));
  return `${[inSteps ? '-- supasnap: transaction=off' : '', comment, ...parts].filter(Boolean).join('\n\n')}\n`;
}
