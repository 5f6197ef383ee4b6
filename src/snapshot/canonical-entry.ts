import { type DumpEntry, titleOf } from './canonical-entries.ts';
import { isSecretOption } from './secret-options.ts';
import { firstGroup, splitAt } from './canonical-scan.ts';

/** An entry's statements with everything that only tells a column's place, or the order of grants, put in a fixed order. */
export const canonicalBody = ({ header, body }: DumpEntry): string => {
  const { type } = titleOf(header);
  const text = body.trim();
  switch (type) {
    case 'TABLE':
    case 'FOREIGN TABLE':
      return canonicalTable(text);
    case 'TYPE':
      return /^CREATE TYPE [^;]* AS \($/m.test(text) ? sortGroup(text) : text;
    case 'ACL':
    case 'DEFAULT ACL':
      return grantsOf(text).sort().join('\n');
    case 'PUBLICATION TABLE':
      return canonicalMember(text);
    case 'EVENT TRIGGER':
      return text.replace(
        /^( *WHEN TAG IN \()(.*)\)$/m,
        (_, start: string, tags: string) => `${start}${sorted(splitAt(tags, ',')).join(', ')})`,
      );
    case 'USER MAPPING':
      // What the planner does not hold can't come back; that is told where it matters.
      return text.replace(/^( +)(\S+) '(?:[^']|'')*'/gm, (option, indent: string, name: string) =>
        isSecretOption(name) ? `${indent}${name} …` : option,
      );
    case 'STATISTICS':
      return canonicalStatistics(text);
    default:
      return text;
  }
};

/** Columns in a fixed order, and so the ALTER COLUMN statements that follow CREATE TABLE in the order of columns. */
const canonicalTable = (text: string) => {
  const [create = '', ...rest] = statementsOf(text);
  return [hasColumnList(create) ? sortGroup(create) : create, ...rest.sort()].join('\n');
};

/** A typed table may have none; then its first brackets are those of PARTITION BY or WITH, whose order counts. */
const hasColumnList = (create: string) => {
  const group = firstGroup(create);
  if (!group) return false;
  const before = create.slice(0, group.open).replace(/"(?:[^"]|"")*"/g, '""');
  return !/\s(?:PARTITION BY|WITH|INHERITS|SERVER|USING)\s/.test(before);
};

/** A publication's column list names columns in their places: "ADD TABLE ONLY t (a, b) WHERE (…)". */
const canonicalMember = (text: string) => {
  const group = firstGroup(text);
  const before = group ? text.slice(0, group.open).replace(/"(?:[^"]|"")*"/g, '""') : '';
  return group && !/\sWHERE\s/.test(before) ? sortGroup(text) : text;
};

/** Extended statistics name their columns in their places, after ON. */
const canonicalStatistics = (text: string) => {
  const parts = /^(CREATE STATISTICS [\s\S]*? ON )([\s\S]*)( FROM [\s\S]*)$/.exec(text);
  if (!parts) return text;
  const [, start = '', columns = '', end = ''] = parts;
  return `${start}${sorted(splitAt(columns, ',')).join(', ')}${end}`;
};

const sortGroup = (text: string) => {
  const group = firstGroup(text);
  if (!group) return text;
  const items = sorted(splitAt(text.slice(group.open + 1, group.close), ','));
  // A comma after the last one too, so that a line does not change when another becomes the last.
  return `${text.slice(0, group.open)}(\n${items.map((item) => `    ${item},\n`).join('')}${text.slice(group.close)}`;
};

const sorted = (items: string[]) =>
  items
    .map((item) => item.trim())
    .filter(Boolean)
    .sort();

const statementsOf = (text: string): string[] =>
  splitAt(text, ';')
    .map((statement) => statement.trim())
    .filter(Boolean)
    .map((statement) => `${statement};`);

/** Grants given in the name of another role stand between SET and RESET SESSION AUTHORIZATION and stay together. */
const grantsOf = (text: string): string[] => {
  const grants: string[] = [];
  let grantor: string | undefined;
  for (const statement of statementsOf(text)) {
    if (statement.startsWith('SET SESSION AUTHORIZATION ')) grantor = statement;
    else if (statement.startsWith('RESET SESSION AUTHORIZATION')) grantor = undefined;
    else grants.push(grantor ? `${grantor} ${statement}` : statement);
  }
  return grants;
};
