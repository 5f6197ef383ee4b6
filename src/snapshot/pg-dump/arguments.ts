import { quoteName } from '../../target/connection.ts';

export interface DumpArguments {
  snapshotId?: string;
  excludeSchemas?: string[];
  /** Whose eyes to see with, where the login is a superuser: some things are shown only to their owner. */
  role?: string;
  /** Milliseconds to wait for a lock on the tables. */
  lockWaitMs?: number;
}

/** The words of the call, the same for both programs. Nothing secret is among them. */
export const dumpArguments = ({ snapshotId, excludeSchemas = [], role, lockWaitMs }: DumpArguments): string[] => [
  '--schema-only',
  '--encoding=UTF8',
  ...(snapshotId === undefined ? [] : [`--snapshot=${snapshotId}`]),
  ...(role === undefined ? [] : [`--role=${role}`]),
  // Quoted, so that a name is a name and not a pattern.
  ...excludeSchemas.map((schema) => `--exclude-schema=${quoteName(schema)}`),
  ...(lockWaitMs === undefined ? [] : [`--lock-wait-timeout=${Math.max(1, Math.round(lockWaitMs))}`]),
];
