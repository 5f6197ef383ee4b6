import type { Node, ParseResult } from 'libpg-query';
import { failed, type Problem } from '../errors.ts';
import { offsetOfByte, offsetOfCodePoint, placeAt, type Source } from '../sql-error.ts';
import { type CopyData, type Cut, cutSql } from './cut.ts';

/** One statement of a file. Offsets are UTF-16 offsets into the file's text. */
export interface Statement {
  /** As the history table records it: with the comments before it, without its semicolon; COPY … FROM stdin with its rows and their end. */
  text: string;
  /** `sql.slice(start, end)` holds the comments before the statement and the statement, without its semicolon. */
  start: number;
  end: number;
  /** Offset of its first word, and the 1-based line of that word in its file. */
  first: number;
  line: number;
  /** `line 3`, or `line 3 of parts/tables.sql` in an included file. */
  where: string;
  /** Where the rows behind COPY … FROM stdin stand. */
  data?: { from: number; to: number };
  /** The parser's name of it, such as `CreateStmt`. */
  kind: string;
  /** The parser's tree: one key, `kind`. */
  node: Node;
}

/** In a longer text, INSERT … VALUES is recognised by its head and its rows are left to the server: their trees fill the memory. */
const hugeFile = 2_000_000;
/** The most that is parsed in one go. */
const mostParsed = 8_000_000;

/**
 * The statements of `sql`, as PostgreSQL's own parser sees them.
 * Throws a Problem with file, line and column at the first syntax error or psql command.
 */
export async function splitStatements(sql: string, file: Source = 'SQL text'): Promise<Statement[]> {
  const parse = await loadParser();
  if (sql.includes('\0')) throw failed('bad_sql', 'there is a NUL character in the SQL', at(file, sql, sql.indexOf('\0')));
  const lineAt = lineCounter(sql, file);
  const statements: Statement[] = [];
  const heads = new Map<string, Node>();

  const add = (from: number, to: number, first: number, node: Node, data?: CopyData) => {
    const [start, end] = trimmed(sql, from, to);
    const kind = Object.keys(node)[0] ?? '';
    const text = asRecorded(sql.slice(from, data?.end ?? to));
    statements.push({ text, start, end, first, ...lineAt(first), kind, node, ...(data && { data: { from: data.from, to: data.to } }) });
  };

  let from = 0;
  restart: for (;;) {
    for (const cut of cutSql(sql, from)) {
      if (cut.kind !== 'statement') throw earlierError(cut) ?? foreignLine(cut, sql, file);
      if (cut.first < 0 && !sql.slice(cut.from, cut.to).includes('/*')) continue;
      const head = sql.length > hugeFile && cut.word === 'insert' ? insertHead(sql, cut) : undefined;
      if (head) {
        const known = heads.get(head) ?? parse(head).stmts?.[0]?.stmt;
        if (known) {
          heads.set(head, known);
          add(cut.from, cut.to, cut.first, known);
          continue;
        }
      }
      const end = addParsed(cut);
      if (end !== undefined) {
        from = end;
        continue restart;
      }
    }
    return statements;
  }

  /** A backslash can be the consequence of a mistake before it. */
  function earlierError(cut: { from: number; first: number }): Problem | undefined {
    const { error } = parse(sql.slice(cut.from, cut.first + 1));
    const offset = error ? cut.from + offsetOfCodePoint(sql.slice(cut.from), error.position) : cut.first;
    return error && offset < cut.first ? syntaxProblem(error.message, offset) : undefined;
  }

  function syntaxProblem(message: string, offset: number): Problem {
    const next = 'Correct the file and run the command again.';
    return failed('bad_sql', `the file is not valid SQL: ${message}`, { ...at(file, sql, offset), next });
  }

  /** Gives the offset to go on from when the parser disagrees with the cut about where the statement ends. */
  function addParsed(cut: Cut & { kind: 'statement' }): number | undefined {
    let piece = sql.slice(cut.from, cut.to);
    let result = parse(piece);
    if (result.error) {
      piece = sql.slice(cut.from);
      const whole = piece.length < mostParsed ? parse(piece) : result;
      if (whole.error) throw syntaxProblem(whole.error.message, cut.from + offsetOfCodePoint(piece, whole.error.position));
      result = whole;
    } else if (result.stmts?.length === 1 && result.stmts[0]?.stmt) {
      add(cut.from, cut.to, cut.first, result.stmts[0].stmt, cut.data);
      return undefined;
    }
    const parsed = result.stmts?.[0];
    if (!parsed?.stmt) return undefined;
    const length = parsed.stmt_len ?? 0;
    const end = length === 0 ? piece.length : offsetOfByte(piece, (parsed.stmt_location ?? 0) + length);
    add(cut.from, cut.from + end, cut.first, parsed.stmt);
    return cut.from + end + 1;
  }
}

/**
 * What the CLI writes into the history column `statements` for this file: cut at semicolons and trimmed; comments stay with what
 * follows them, and those after the last semicolon are an element of their own.
 */
export function historyStatements(sql: string): string[] {
  const text = withoutByteOrderMark(sql);
  const recorded: string[] = [];
  for (const cut of cutSql(text)) {
    if (cut.kind !== 'statement') break;
    const piece = asRecorded(text.slice(cut.from, cut.data?.end ?? cut.to));
    if (piece !== '') recorded.push(piece);
  }
  return recorded;
}

/** A file's text from its recorded statements. */
export const textOfStatements = (statements: string[]): string =>
  statements.map((text) => (text.endsWith('\n\\.') ? `${text}\n` : `${text};\n`)).join('');

/** The text without comments and blanks; undefined where PostgreSQL's scanner does not get through it. */
export async function wordsOf(sql: string): Promise<string | undefined> {
  if (sql.length > hugeFile) return undefined;
  await loadParser();
  const { scanSync } = await import('libpg-query');
  try {
    const words = scanSync(sql).tokens.filter(({ tokenName }) => !tokenName.endsWith('_COMMENT'));
    return words
      .flatMap(({ text }, index) => (text === ';' && (index === 0 || words[index - 1]!.text === ';') ? [] : [text]))
      .join(' ')
      .replace(/ ;$/, '');
  } catch {
    return undefined;
  }
}

export const withoutByteOrderMark = (text: string) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

const asRecorded = (piece: string) => piece.trim();

const at = (file: Source, sql: string, offset: number) => ({
  place: placeAt(file, sql, offset),
  state: 'The file was only read; nothing was changed.',
});

function foreignLine(cut: Exclude<Cut, { kind: 'statement' }>, sql: string, file: Source) {
  if (cut.kind === 'copy-data')
    return cut.lacks === 'end mark'
      ? failed('bad_sql', 'the rows of this COPY … FROM stdin have no end: the line \\. is missing', {
          ...at(file, sql, cut.first),
          next: 'Write the rows on the lines after it, and \\. on the line after the last of them. (The file may have been cut off.)',
        })
      : failed('bad_sql', 'more stands on the line of this COPY … FROM stdin, and its rows begin on the next one', {
          ...at(file, sql, cut.first),
          next: 'Move the rest of the line behind the rows and their end (\\.).',
        });
  return failed('bad_sql', `${cut.word} is a command of psql, not SQL`, {
    ...at(file, sql, cut.first),
    next:
      cut.word === '\\copy'
        ? 'Write COPY … FROM stdin; with the rows on the lines after it, and \\. on the line after the last.'
        : 'Take the line out; a migration holds SQL statements only.',
  });
}

/** `INSERT INTO t (a, b) VALUES (NULL)` for an INSERT whose rows begin within its first 10,000 characters. */
function insertHead(sql: string, cut: { first: number; to: number }): string | undefined {
  const begin = sql.slice(cut.first, Math.min(cut.to, cut.first + 10_000));
  const head = /^insert\s+into\s+[\w."]+\s*(?:\([\w\s,"]*\)\s*)?values/i.exec(begin)?.[0];
  return head && `${head} (NULL)`;
}

function trimmed(sql: string, from: number, to: number): [number, number] {
  let [start, end] = [from, to];
  while (start < end && isSpace(sql.charCodeAt(start))) start++;
  while (end > start && isSpace(sql.charCodeAt(end - 1))) end--;
  return [start, end];
}

const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13);

/** Lines of ascending offsets, each line end counted once. */
function lineCounter(sql: string, file: Source): (offset: number) => { line: number; where: string } {
  const origins = typeof file === 'string' ? [] : file;
  let [seen, line, at] = [0, 1, 0];
  return (offset) => {
    for (let next = origins[at + 1]; next && next.start <= offset; next = origins[at + 1]) {
      at++;
      [seen, line] = [next.start, next.line];
    }
    for (let next = sql.indexOf('\n', seen); next >= 0 && next < offset; next = sql.indexOf('\n', seen)) {
      line++;
      seen = next + 1;
    }
    const name = origins[at]?.file;
    return { line, where: name === origins[0]?.file ? `line ${line}` : `line ${line} of ${name}` };
  };
}

interface Parsed {
  stmts?: ParseResult['stmts'];
  /** `position`: in code points from the start of the text, 0-based. */
  error?: { message: string; position: number };
}

let loading: Promise<(sql: string) => Parsed> | undefined;

/** The parser is 1.7 MB of WebAssembly: loaded when the first statement is read, not when the program starts. */
function loadParser() {
  loading ??= import('libpg-query').then(async (library) => {
    await library.loadModule();
    return (sql: string): Parsed => {
      try {
        return { stmts: library.parseSync(sql).stmts ?? [] };
      } catch (error) {
        const details = (error as { sqlDetails?: { message: string; cursorPosition: number } }).sqlDetails;
        if (!details) throw error;
        return { error: { message: details.message, position: details.cursorPosition } };
      }
    };
  });
  return loading;
}
