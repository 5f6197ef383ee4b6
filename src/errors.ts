import type { CodeOfExit, ErrorCode } from './error-codes.ts';

/** What a program run ends with; the shell sees the number. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  attention: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A place in a file: 1-based line and column, and the text of that line. */
export interface SourcePlace {
  file: string;
  line: number;
  column: number;
  text: string;
}

interface ProblemDetails {
  /** Where it happened, when it happened in a file. */
  place?: SourcePlace;
  /** Further facts, one per line. */
  detail?: string[];
  /** What state the target is in now, as one sentence. */
  state?: string;
  /** The next command to run, or what to change. */
  next?: string;
  /** Taken from the cause where that is the server's error or a Problem. */
  sqlState?: string;
  cause?: unknown;
}

/** Every error a user can meet: what happened, where, what state things are in, what to do next. */
export class Problem extends Error {
  readonly exitCode: ExitCode;
  /** What programs and scripts switch on. */
  readonly code: ErrorCode;
  /** The server's own code, where the server said what went wrong. */
  readonly sqlState?: string;
  readonly place?: SourcePlace;
  readonly detail: string[];
  readonly state?: string;
  readonly next?: string;

  constructor(exitCode: ExitCode, code: ErrorCode, message: string, details: ProblemDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'Problem';
    this.exitCode = exitCode;
    this.code = code;
    this.sqlState = details.sqlState ?? sqlStateOf(details.cause);
    this.place = details.place;
    this.detail = details.detail ?? [];
    this.state = details.state;
    this.next = details.next;
  }
}

/** node-postgres gives a server's error a severity; errors of Node have a code too, but no severity. */
function sqlStateOf(cause: unknown): string | undefined {
  if (cause instanceof Problem) return cause.sqlState;
  const { code, severity } = (cause ?? {}) as { code?: string; severity?: string };
  return severity === undefined ? undefined : code;
}

/** Exit 4: the target does not answer, so it is not known whether the change was committed. */
export class OutcomeUnknown extends Problem {
  constructor(message: string, details: ProblemDetails) {
    super(exitCodes.attention, 'outcome_unknown', message, details);
  }
}

/** Exit 1: it failed, and nothing was changed. */
export const failed = (code: CodeOfExit<1>, message: string, details?: ProblemDetails) =>
  new Problem(exitCodes.failed, code, message, details);
/** Exit 2: the words of the call are wrong. */
export const usage = (code: CodeOfExit<2>, message: string, details?: ProblemDetails) =>
  new Problem(exitCodes.usage, code, message, details);
/** Exit 3: a guard refused; nothing was changed. */
export const refused = (code: CodeOfExit<3>, message: string, details?: ProblemDetails) =>
  new Problem(exitCodes.refused, code, message, details);
/** Exit 4: something was changed and needs a human's eyes. */
export const attention = (code: CodeOfExit<4>, message: string, details?: ProblemDetails) =>
  new Problem(exitCodes.attention, code, message, details);

/** One word for a shell. */
export const forShell = (word: string): string => (/["$`\\!]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`);
