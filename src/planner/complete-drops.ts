import { titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { quoteName } from '../sql-names.ts';

const plain = new Set([
  'STATISTICS',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'CONVERSION',
  'INDEX',
]);

/** The statement that removes one object of a dump; none where no such statement is known, or a plan holds the object. */
export function dropOf({ header, body }: DumpEntry): string[] {
  const { name, type, schema } = titleOf(header);
  const address = `${quoteName(schema)}.${quoteName(name)}`;
  if (plain.has(type)) return [`DROP ${type} ${address}`];
  switch (type) {
    case 'CAST':
    case 'TRANSFORM':
      return [`DROP ${name}`];
    case 'OPERATOR':
      return [`DROP OPERATOR ${quoteName(schema)}.${name} (${argument(body, 'LEFTARG')}, ${argument(body, 'RIGHTARG')})`];
    case 'OPERATOR CLASS':
    case 'OPERATOR FAMILY':
      return [`DROP ${type} ${address} USING ${/ USING (\S+?)[;\s]/.exec(body)?.[1] ?? 'btree'}`];
    case 'COMMENT': {
      const comment = /^\s*(COMMENT ON [\s\S]*? IS )'/.exec(body);
      return comment ? [`${comment[1]}NULL`] : [];
    }
    case 'DEFAULT': {
      const column = /^\s*(ALTER [\s\S]*? ALTER COLUMN [\s\S]*? )SET DEFAULT /.exec(body);
      return column ? [`${column[1]}DROP DEFAULT`] : [];
    }
    default:
      return [];
  }
}

const argument = (body: string, word: string) => new RegExp(`${word} = ([\\s\\S]*?)(?:,\\n|\\n\\))`).exec(body)?.[1] ?? 'NONE';
