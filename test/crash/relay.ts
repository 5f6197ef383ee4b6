import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from './draw.ts';

/** One statement on its way from the program to the server; nothing happens to it until `send`. */
export interface Request {
  sql: string;
  /** The port by which the server knows this session (client_port of pg_stat_activity). */
  port: number;
  send: () => void;
  /** Keeps back what the server answers from now on; settled when its first bytes are here, or the connection is gone. */
  holdAnswer: () => Promise<void>;
  /** Hands over what was kept back, and keeps back nothing more. */
  release: () => void;
}

export interface Relay {
  /** The port to connect to. */
  port: number;
  /** Does that to all connections that are open now; new ones pass. Settled when it is over. */
  disturb: (what: { kind: Network; ms: number }) => Promise<void>;
}

interface Link {
  program: Socket;
  upstream: Socket;
}

/**
 * A relay in front of a server: every statement of the program's own session (not of pg_dump's) is handed to `onRequest`, and
 * what follows it waits until that is done.
 */
export async function withRelay<T>(
  server: { host: string; port: number },
  onRequest: (request: Request) => Promise<void>,
  use: (relay: Relay) => Promise<T>,
): Promise<T> {
  const links = new Set<Link>();
  const relay = createServer((program) => {
    const upstream = connect({ host: server.host, port: server.port });
    const link = { program: program.setNoDelay(true), upstream: upstream.setNoDelay(true) };
    links.add(link);
    upstream.on('close', () => links.delete(link));
    join(link, onRequest);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  try {
    return await use({ port: (relay.address() as AddressInfo).port, disturb: ({ kind, ms }) => disturb([...links], kind, ms) });
  } finally {
    for (const { program, upstream } of links) for (const socket of [program, upstream]) socket.destroy();
    relay.close();
  }
}

async function disturb(links: Link[], kind: Network, ms: number): Promise<void> {
  const all = links.flatMap(({ program, upstream }) => [program, upstream]);
  if (kind === 'close to the server') for (const { upstream } of links) upstream.end();
  if (kind === 'close to the program') for (const { program } of links) program.end();
  if (kind === 'delay' || kind === 'silence') {
    for (const socket of all) socket.pause();
    await sleep(ms);
    for (const socket of all) socket.resume();
  }
  if (kind === 'cut' || kind === 'silence') for (const socket of all) socket.destroy();
}

function join({ program, upstream }: Link, onRequest: (request: Request) => Promise<void>): void {
  let held: { bytes: Buffer[]; came: () => void } | undefined;
  const holdAnswer = () =>
    new Promise<void>((resolve) => {
      held = { bytes: [], came: resolve };
      upstream.once('close', () => resolve());
    });
  const release = () => {
    for (const bytes of held?.bytes ?? []) program.write(bytes);
    held = undefined;
  };
  upstream.on('data', (bytes) => {
    if (!held) return program.write(bytes);
    held.bytes.push(bytes);
    held.came();
  });
  upstream.on('error', () => {}).on('close', () => program.destroy());

  const read = messages();
  let work: Promise<unknown> = Promise.resolve();
  const forward = async ({ bytes, sql }: Message) => {
    const send = () => void (upstream.writable && upstream.write(bytes));
    if (sql === undefined) return send();
    await onRequest({ sql, port: upstream.localPort ?? 0, send, holdAnswer, release });
  };
  program.on('data', (bytes: Buffer) => {
    for (const message of read(bytes)) work = work.then(() => forward(message));
  });
  // The program's end reaches the server after all that it sent, as without a relay.
  program.on('error', () => {}).on('close', () => work.finally(() => upstream.end()));
}

interface Message {
  bytes: Buffer;
  /** Where these bytes ask the server of our own session for something. */
  sql?: string;
}

/** Cuts a client's stream into what the server answers as one: a simple query, or Parse to Sync. */
function messages(): (bytes: Buffer) => Message[] {
  let rest = Buffer.alloc(0);
  let ours: boolean | undefined;
  let open: Buffer[] = [];
  let parsed = '';
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const found: Message[] = [];
    for (;;) {
      const head = ours === undefined ? 0 : 1;
      if (rest.length < head + 4) return found;
      const end = head + rest.readInt32BE(head);
      if (rest.length < end) return found;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (ours === undefined) {
        ours = /\0application_name\0supasnap\0/.test(message.toString('latin1'));
        found.push({ bytes: message });
        continue;
      }
      const type = String.fromCharCode(message[0]!);
      if (!ours || !'QPBDESCHF'.includes(type)) {
        found.push({ bytes: message });
        continue;
      }
      open.push(message);
      if (type === 'P') parsed = message.toString('utf8', 5).split('\0')[1] ?? '';
      if (type !== 'Q' && type !== 'S') continue;
      found.push({ bytes: Buffer.concat(open), sql: type === 'Q' ? message.toString('utf8', 5, message.length - 1) : parsed });
      open = [];
    }
  };
}
