import { parse, TomlError } from 'smol-toml';
import { nearest } from '../config/nearest.ts';
import { failed, type Problem } from '../errors.ts';
import { placeAt } from '../sql-error.ts';
import { countNames, type CountName } from '../snapshot/count-objects.ts';

export const objectKinds = [...countNames, 'rls'] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** What a schema should hold, from `<version>_expect.toml`. */
export interface Expectations {
  file: string;
  /** Where objects are counted, and looked for when their name has no schema. */
  schemas: string[];
  counts: Partial<Record<CountName, number>>;
  /** Names as written: `minds`, `auth.users`; policies and triggers as `minds: owners read`; `rls` names tables. */
  objects: Partial<Record<ObjectKind, string[]>>;
}

/** Reads expectations. Throws a Problem with the line of the first thing that is not understood. */
export function parseExpectations(file: string, text: string): Expectations {
  const document = read(file, text);
  const wrong = (section: string, key: string, message: string, next?: string) => {
    throw unclear(file, text, section, key, message, next);
  };

  for (const key of Object.keys(document)) {
    if (['schemas', 'counts', 'objects'].includes(key)) continue;
    if ((objectKinds as readonly string[]).includes(key))
      wrong('', key, `"${key}" stands outside a section`, `Put it under [counts] (a number) or [objects] (names).`);
    wrong('', key, unknownKey(key, ['schemas', 'counts', 'objects']));
  }

  const schemas = document.schemas ?? ['public'];
  if (!isNames(schemas) || schemas.length === 0)
    return wrong('', 'schemas', 'schemas is a list of names', 'For example: schemas = ["public"]') as never;

  const counts: Expectations['counts'] = {};
  for (const [key, value] of entries(document.counts, 'counts')) {
    if (!isOneOf(countNames, key)) wrong('counts', key, unknownKey(key, countNames));
    else if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
      wrong('counts', key, `${key} is a whole number`, `For example: ${key} = 4`);
    else counts[key] = value;
  }

  const objects: Expectations['objects'] = {};
  for (const [key, value] of entries(document.objects, 'objects')) {
    if (!isOneOf(objectKinds, key)) wrong('objects', key, unknownKey(key, objectKinds));
    else if (!isNames(value)) wrong('objects', key, `${key} is a list of names`, `For example: ${key} = [${examples[key] ?? '"minds"'}]`);
    else {
      const loose = needsTable(key) ? value.find((name) => !name.includes(': ')) : undefined;
      if (loose !== undefined)
        wrong('objects', key, `"${loose}" does not say on which table`, `Write "table: name", for example ${examples[key]}.`);
      objects[key] = value;
    }
  }
  return { file, schemas, counts, objects };

  function entries(section: unknown, name: string): [string, unknown][] {
    if (section === undefined) return [];
    if (typeof section !== 'object' || section === null || Array.isArray(section))
      return wrong('', name, `${name} is a section`, `Write [${name}] on a line of its own, and its keys below.`) as never;
    return Object.entries(section);
  }
}

const examples: Partial<Record<ObjectKind, string>> = {
  policies: '"minds: owners read"',
  triggers: '"auth.users: on_auth_user_created"',
};

function read(file: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const lines = text.split('\n');
    throw failed(
      'bad_test',
      `the expectations are not valid TOML: ${error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')}`,
      {
        place: { file, line: error.line, column: error.column, text: lines[error.line - 1]?.replace(/\r$/, '') ?? '' },
        state: 'The test was not run.',
        cause: error,
      },
    );
  }
}

function unclear(file: string, text: string, section: string, key: string, message: string, next?: string): Problem {
  return failed('bad_test', message, { place: placeAt(file, text, offsetOfKey(text, section, key)), state: 'The test was not run.', next });
}

/** Where a key stands: TOML gives values without their places. */
function offsetOfKey(text: string, section: string, key: string): number {
  let [offset, current] = [0, ''];
  for (const line of text.split('\n')) {
    const header = /^\s*\[+\s*"?([^\]"]*?)"?\s*\]+/.exec(line)?.[1];
    if (header !== undefined) current = header;
    const word = header === undefined ? /^\s*["']?([^"'=]+?)["']?\s*=/.exec(line)?.[1] : header;
    const isHere = header === undefined ? current === section && word === key : section === '' && word === key;
    if (isHere || (word === `${section}.${key}` && current === '')) return offset + line.search(/\S/);
    offset += line.length + 1;
  }
  return 0;
}

const unknownKey = (key: string, known: readonly string[]) => {
  const near = nearest(key, known);
  return near ? `"${key}" is not known here; did you mean "${near}"?` : `"${key}" is not known here; known are ${known.join(', ')}`;
};

const isNames = (value: unknown): value is string[] => Array.isArray(value) && value.every((name) => typeof name === 'string');
const isOneOf = <T extends string>(known: readonly T[], key: string): key is T => (known as readonly string[]).includes(key);
const needsTable = (kind: ObjectKind) => kind === 'policies' || kind === 'triggers';
