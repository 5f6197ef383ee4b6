import type { ServerError } from './wire.ts';

/** How one run of pg_dump ended: with a text, or with what it complained of. */
export interface DumpRun {
  /** Absent when it failed. */
  sql?: string;
  stderr: string;
  /** What the server itself reported, where that could be seen. */
  errors: ServerError[];
  /** A line of the schema was taken for one of pg_dump's own and is missing. */
  lostLine?: boolean;
}
