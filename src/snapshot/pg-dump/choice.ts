import { refused } from '../../errors.ts';
import type { NativePgDump } from './native.ts';

export type PgDumpChoice = 'auto' | 'native' | 'bundled';

/** The newest server that the pg_dump in the package can read. */
export const bundledMajor = 18;

/**
 * Which program dumps: an installed one that is new enough for the server, or 'bundled'. pg_dump refuses servers newer
 * than itself.
 */
export const choosePgDump = async (
  choice: PgDumpChoice,
  serverMajor: number,
  find: () => Promise<NativePgDump[]>,
): Promise<NativePgDump | 'bundled'> => {
  const installed = choice === 'bundled' ? [] : await find();
  const native = installed.find((program) => program.major >= serverMajor);
  if (native) return native;
  const list = installed.map((program) => `pg_dump ${program.version} (${program.path})`).join(', ') || 'none';

  if (choice === 'native') {
    throw refused('unsupported_version', `The server is PostgreSQL ${serverMajor}, and no installed pg_dump is new enough to read it.`, {
      detail: [`Found: ${list}.`],
      state: 'Nothing was changed.',
      next: serverMajor > bundledMajor ? `Install pg_dump ${serverMajor}.` : 'Use --pg-dump bundled.',
    });
  }
  if (serverMajor > bundledMajor) {
    throw refused('unsupported_version', `The server is PostgreSQL ${serverMajor}; the bundled pg_dump reads up to ${bundledMajor}.`, {
      detail: [`Installed: ${list}.`],
      state: 'Nothing was changed.',
      next: `Install pg_dump ${serverMajor}, then run the command again.`,
    });
  }
  return 'bundled';
};
