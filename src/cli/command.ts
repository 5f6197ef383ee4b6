import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';

/** Flags as commander gives them. */
export interface CommonFlags {
  embedded?: boolean;
  remote?: string;
  dbUrl?: string;
  sslRootCert?: string;
  env?: string;
  workdir?: string;
  outputFormat?: string;
  yes?: boolean;
  debug?: boolean;
  color?: boolean;
  [flag: string]: unknown;
}

/** What a command ends with: a value for programs, the same as text for people. */
export interface Outcome {
  value: unknown;
  text: string;
  code?: ExitCode;
}

/** One command: its words, its flags, and the file that carries it out (loaded only when it runs). */
export interface Program {
  name: string;
  description: string;
  arguments: [argument: string, text: string][];
  options: [flag: string, text: string][];
  run: (context: Context, words: string[], flags: CommonFlags) => Promise<Outcome>;
}
