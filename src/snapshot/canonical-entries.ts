import { skipQuoted } from './canonical-scan.ts';

/** One object of a dump: its comment block and the statements under it, each exactly as it stands in the text. */
export interface DumpEntry {
  /** "--\n-- Name: …; Type: …; Schema: …; Owner: …\n--\n" */
  header: string;
  body: string;
}

export interface DumpParts {
  /** What stands before the first object. */
  head: string;
  entries: DumpEntry[];
  /** From the line "PostgreSQL database dump complete" on. */
  tail: string;
}

const blockStart = '--\n-- ';
const tailMark = '--\n-- PostgreSQL database dump complete';

/**
 * Takes a dump apart; head, headers, bodies and tail put together again are the text. Comment blocks inside function
 * bodies, comments and quoted names are text, not objects.
 */
export const splitDump = (sql: string): DumpParts => {
  const starts: number[] = [];
  let tailAt = sql.length;
  const mark = /['"$]|--/g;
  for (let match = mark.exec(sql); match; match = mark.exec(sql)) {
    const at = match.index;
    const startsBlock = sql.startsWith(blockStart, at) && (at === 0 || sql[at - 1] === '\n');
    if (startsBlock && sql.startsWith(tailMark, at)) {
      tailAt = at;
      break;
    }
    if (startsBlock && /Name: .*; Type: /y.test(sql.slice(at + blockStart.length, lineEnd(sql, at + blockStart.length)))) {
      starts.push(at);
      mark.lastIndex = headerEnd(sql, at);
      continue;
    }
    mark.lastIndex = Math.max(skipQuoted(sql, at), at + 1);
  }

  const entries = starts.map((start, index) => {
    const bodyAt = headerEnd(sql, start);
    return { header: sql.slice(start, bodyAt), body: sql.slice(bodyAt, starts[index + 1] ?? tailAt) };
  });
  return { head: sql.slice(0, starts[0] ?? tailAt), entries, tail: sql.slice(tailAt) };
};

export const joinDump = ({ head, entries, tail }: DumpParts): string =>
  [head, ...entries.flatMap(({ header, body }) => [header, body]), tail].join('');

export interface EntryTitle {
  name: string;
  /** e.g. "TABLE", "ACL", "FK CONSTRAINT" */
  type: string;
  schema: string;
  owner: string;
}

/** Reads a header's line. A name may itself hold "; Type: ", so the last one counts. */
export const titleOf = (header: string): EntryTitle => {
  const match = /^-- Name: (.*); Type: (.*?); Schema: (.*?); Owner: ?(.*)$/m.exec(header);
  return { name: match?.[1] ?? '', type: match?.[2] ?? '', schema: match?.[3] ?? '', owner: match?.[4] ?? '' };
};

/** The header's line itself, without its dashes. */
export const titleLine = (header: string): string => header.split('\n')[1]?.slice('-- '.length) ?? header;

const headerEnd = (sql: string, at: number) => {
  const close = sql.indexOf('\n--\n', at + blockStart.length);
  return close < 0 ? sql.length : close + '\n--\n'.length;
};

const lineEnd = (sql: string, at: number) => {
  const end = sql.indexOf('\n', at);
  return end < 0 ? sql.length : end;
};
