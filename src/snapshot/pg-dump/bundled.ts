import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { type ConnectionSettings, withClient } from '../../target/connection.ts';
import type { DumpRun } from './run.ts';
import { errorsIn, joinBytes, type ServerError, watchReply, watchRequests, welcome } from './wire.ts';

/** Where the thread's file stands: beside this one, both in src/ and in dist/. */
export const workerFile = () => new URL('./worker.mjs', import.meta.url);

/** Runs the pg_dump that comes with the tool, over a connection that the driver opened (so TCP, TLS and SCRAM are its work). */
export const runBundled = (settings: ConnectionSettings, args: string[], signal?: AbortSignal): Promise<DumpRun> =>
  withClient(
    settings,
    async (client) => {
      const parameters = await readParameters(client);
      return converse(takeStream(client), welcome(parameters), args, signal);
    },
    { applicationName: 'supasnap pg_dump' },
  );

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

type Outcome = { sql: string } | { failure: string };

const converse = (stream: Duplex, greeting: Uint8Array, args: string[], signal?: AbortSignal): Promise<DumpRun> => {
  const { port1: port, port2 } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(workerFile(), {
    workerData: { args, bell, port: port2 },
    transferList: [port2],
    execArgv: [],
  });
  const errors: ServerError[] = [];
  let lostLine = false;
  const answer = (bytes: Uint8Array) => {
    errors.push(...errorsIn(bytes));
    lostLine ||= holdsRestrictLine(bytes);
    ring(port, bell, bytes);
  };

  return new Promise<DumpRun>((resolve, reject) => {
    const onLost = (cause?: Error) =>
      reject(new Error(received.errors()[0]?.message ?? 'the server closed the connection', { cause }));
    const onAbort = () => {
      stream.destroy();
      reject(signal?.reason);
    };
    const received = collectReply(answer);
    const onBytes = (bytes: Uint8Array) => received.push(bytes);
    stream.on('data', onBytes).on('error', onLost).on('close', () => onLost());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();

    const request = watchRequests();
    port.on('message', (sent: Uint8Array) => {
      switch (request(sent)) {
        case 'encryption':
          return answer(new TextEncoder().encode('N'));
        case 'startup':
          return answer(greeting);
        case 'goodbye':
          return answer(new Uint8Array());
        case 'more to come':
          stream.write(sent);
          return answer(new Uint8Array());
        case 'awaits reply':
          stream.write(sent);
      }
    });
    worker.on('message', (outcome: Outcome) =>
      resolve(
        'sql' in outcome
          ? { sql: outcome.sql, stderr: '', errors, lostLine }
          : { stderr: outcome.failure, errors, lostLine },
      ),
    );
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the dump's thread ended early (${code})`)));
  }).finally(async () => {
    port.close();
    await worker.terminate();
  });
};

/** Gathers what the server sends and hands it over once it is a whole reply: the package copies all it holds at each call. */
const collectReply = (onReply: (bytes: Uint8Array) => void) => {
  let parts: Uint8Array[] = [];
  const ended = watchReply();
  return {
    push: (bytes: Uint8Array) => {
      parts.push(bytes);
      if (!ended(bytes)) return;
      const reply = joinBytes(parts);
      parts = [];
      onReply(reply);
    },
    errors: () => errorsIn(joinBytes(parts)),
  };
};

const ring = (port: MessagePort, bell: Int32Array, bytes: Uint8Array) => {
  port.postMessage(bytes);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
};

/** The package takes away every line that starts so, even inside a function's body. */
const holdsRestrictLine = (bytes: Uint8Array) => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return /(?:[\n\r]|\xe2\x80[\xa8\xa9])\\(?:un)?restrict\b/i.test(text);
};
