import { failed, type Problem, refused } from '../../errors.ts';
import type { DumpRun } from './run.ts';

const longest = 300;

/** Says why pg_dump gave no text, and what to do about it. */
export const dumpProblem = (run: DumpRun, tool: string): Problem => {
  const lines = complaints(run.stderr);
  const said = run.errors[0]?.message ?? serverMessage(lines) ?? plain(lines[0] ?? 'pg_dump gave no reason');
  const code = run.errors[0]?.code;
  const details = {
    detail: [`${tool} said:`, ...lines.map(shorten)],
    state: 'The target was only read; nothing was changed.',
  };

  if (code === '42501' || /permission denied/.test(said)) {
    const object = qualified(said, run.stderr);
    return refused('missing_rights', `The schema cannot be dumped: ${said}${object ? ` (${object})` : ''}.`, {
      ...details,
      next: 'Connect as a role that may read it, or GRANT SELECT on it to this role, then run the command again.',
    });
  }
  // --lock-wait-timeout is a statement_timeout set around LOCK TABLE.
  if (code === '55P03' || /LOCK TABLE/.test(run.stderr)) {
    return failed(
      'lock_timeout',
      'The schema cannot be dumped: another session holds a lock on a table for longer than the wait allowed.',
      {
        ...details,
        next: 'Let the other session finish (pg_stat_activity shows it), or give a longer --lock-wait, then run the command again.',
      },
    );
  }
  if (/server version mismatch/.test(run.stderr)) {
    return refused('unsupported_version', `The schema cannot be dumped: ${tool} is older than the server.`, {
      ...details,
      next: 'Use --pg-dump bundled.',
    });
  }
  return failed('dump_failed', `The schema cannot be dumped: ${said}.`, {
    ...details,
    next: 'Put the cause right, then run the command again.',
  });
};

/** A name that starts a line of the schema would have been cut out of the dump. */
export const lostLineProblem = () =>
  refused(
    'dump_failed',
    'The schema cannot be dumped whole: a function, view or comment has a line that begins with \\restrict or \\unrestrict.',
    {
      detail: ['The bundled pg_dump takes such lines for its own and leaves them out.'],
      state: 'The target was only read; nothing was changed.',
      next: 'Indent that line, or use --pg-dump native.',
    },
  );

/** One complaint per item, though the bundled program's lines arrive without line ends between them. */
const complaints = (stderr: string) =>
  stderr
    .replace(/^pg_dump failed with exit code \d+\.\s*Error message: /, '')
    .split(/\n|(?=(?:pg_dump|worker\.mjs): (?:error|warning|detail|hint): )/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^invalid binary "/.test(line));

const plain = (line: string) => line.replace(/^(?:pg_dump|worker\.mjs): (?:error|warning|detail|hint): /, '').replace(/\.$/, '');

const serverMessage = (lines: string[]) =>
  lines.map((line) => /(?:ERROR|FATAL): {2}(.*)$/.exec(line)?.[1]).find((message) => message !== undefined);

const shorten = (line: string) => (line.length > longest ? `${line.slice(0, longest)} …` : line);

/** The server names a table without its schema; the statement that failed has both. */
const qualified = (said: string, stderr: string) => {
  const name = /permission denied for (?:table|view|sequence|relation|foreign table) (.+)$/.exec(said)?.[1];
  if (!name) return undefined;
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('"', '""');
  return new RegExp(`(?:"(?:[^"]|"")+"|[\\w$]+)\\.(?:"${escaped}"|${escaped})(?=[\\s,;]|$)`).exec(stderr)?.[0];
};
