import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { type ConnectionSettings, withClient } from '../../target/connection.ts';
import type { DumpRun } from './run.ts';
import { type DumpThread, type Outcome, takeThread } from './thread.ts';
import { joinBytes, type ServerError, watchReply, watchRequests, welcome } from './wire.ts';

/** Runs the pg_dump that comes with the tool, over a connection that the driver opened (so TCP, TLS and SCRAM are its work). */
export const runBundled = async (settings: ConnectionSettings, args: string[], signal?: AbortSignal): Promise<DumpRun> => {
  const thread = takeThread();
  // It gets ready while the connection is opened.
  const outcome = thread.dump(args);
  outcome.catch(() => {});
  try {
    const run = await withClient(
      settings,
      async (client) => {
        const parameters = await readParameters(client);
        return converse(takeStream(client), welcome(parameters), thread, outcome, signal);
      },
      { applicationName: 'supasnap pg_dump' },
    );
    // What a large dump took is given back only when its thread ends.
    if (run.sql === undefined || run.sql.length > 4_000_000) await thread.end();
    else thread.rest();
    return run;
  } catch (error) {
    await thread.end();
    throw error;
  }
};

/** What libpq wants to hear at log-in. Asked for rather than overheard: a pooler tells its own. */
const readParameters = async (client: pg.Client): Promise<Record<string, string>> => {
  const names = ['server_version', 'server_encoding', 'client_encoding', 'standard_conforming_strings', 'is_superuser'];
  names.push('session_authorization', 'DateStyle', 'IntervalStyle', 'TimeZone', 'integer_datetimes');
  const { rows } = await client.query<{ name: string; value: string | null }>(
    'SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name',
    [names],
  );
  return Object.fromEntries(rows.filter((row) => row.value !== null).map((row) => [row.name, row.value as string]));
};

/** From here on the driver no longer listens; it only closes the connection at the end. */
const takeStream = (client: pg.Client): Duplex => {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.removeAllListeners('data');
  return stream;
};

const converse = (
  stream: Duplex,
  greeting: Uint8Array,
  thread: DumpThread,
  outcome: Promise<Outcome>,
  signal?: AbortSignal,
): Promise<DumpRun> => {
  const errors: ServerError[] = [];
  let lostLine = false;
  const received = collectReply(errors, (reply) => {
    lostLine ||= holdsRestrictLine(reply);
    thread.answer(reply);
  });

  return new Promise<DumpRun>((resolve, reject) => {
    const onLost = (cause?: Error) => reject(new Error(errors.at(-1)?.message ?? 'the server closed the connection', { cause }));
    const onAbort = () => {
      stream.destroy();
      reject(signal?.reason);
    };
    stream
      .on('data', received)
      .on('error', onLost)
      .on('close', () => onLost());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();

    const request = watchRequests();
    thread.onSent((sent) => {
      switch (request(sent)) {
        case 'encryption':
          return thread.answer(new TextEncoder().encode('N'));
        case 'startup':
          return thread.answer(greeting);
        case 'goodbye':
          return thread.answer(new Uint8Array());
        case 'more to come':
          stream.write(sent);
          return thread.answer(new Uint8Array());
        case 'awaits reply':
          stream.write(sent);
      }
    });
    outcome.then(
      (ended) => resolve('sql' in ended ? { sql: ended.sql, stderr: '', errors, lostLine } : { stderr: ended.failure, errors, lostLine }),
      reject,
    );
  });
};

/** Gathers what the server sends and hands it over once it is a whole reply: the package copies all it holds at each call. */
const collectReply = (errors: ServerError[], onReply: (reply: Uint8Array) => void) => {
  let parts: Uint8Array[] = [];
  const ended = watchReply((error) => errors.push(error));
  return (bytes: Uint8Array) => {
    parts.push(bytes);
    if (!ended(bytes)) return;
    const reply = joinBytes(parts);
    parts = [];
    onReply(reply);
  };
};

/** The package takes away every line that starts so, even inside a function's body. */
const holdsRestrictLine = (bytes: Uint8Array) =>
  bytes.includes(backslash) &&
  /(?:[\n\r]|\xe2\x80[\xa8\xa9])\\(?:un)?restrict\b/i.test(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'),
  );

const backslash = 0x5c;
