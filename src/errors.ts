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
  cause?: unknown;
}

/** Every error a user can meet: what happened, where, what state things are in, what to do next. */
export class Problem extends Error {
  readonly exitCode: ExitCode;
  readonly place?: SourcePlace;
  readonly detail: string[];
  readonly state?: string;
  readonly next?: string;

  constructor(exitCode: ExitCode, message: string, details: ProblemDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'Problem';
    this.exitCode = exitCode;
    this.place = details.place;
    this.detail = details.detail ?? [];
    this.state = details.state;
    this.next = details.next;
  }
}

/** Exit 4: the target does not answer, so it is not known whether the change was committed. */
export class OutcomeUnknown extends Problem {
  constructor(message: string, details: ProblemDetails) {
    super(exitCodes.attention, message, details);
  }
}

/** Exit 1: it failed, and nothing was changed. */
export const failed = (message: string, details?: ProblemDetails) => new Problem(exitCodes.failed, message, details);
/** Exit 2: the words of the call are wrong. */
export const usage = (message: string, details?: ProblemDetails) => new Problem(exitCodes.usage, message, details);
/** Exit 3: a guard refused; nothing was changed. */
export const refused = (message: string, details?: ProblemDetails) => new Problem(exitCodes.refused, message, details);
/** Exit 4: something was changed and needs a human's eyes. */
export const attention = (message: string, details?: ProblemDetails) => new Problem(exitCodes.attention, message, details);

/** One word for a shell. */
export const forShell = (word: string): string => (/["$`\\!]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`);
