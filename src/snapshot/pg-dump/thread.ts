import { MessageChannel, Worker } from 'node:worker_threads';

/** What a thread's pg_dump ended with. */
export type Outcome = { sql: string } | { failure: string };

/** A thread that runs the WebAssembly pg_dump, one dump at a time. */
export interface DumpThread {
  /** Begins a dump. Rejects when the thread itself breaks down. */
  dump: (args: string[]) => Promise<Outcome>;
  /** Hears what pg_dump sends to its server; each message has to be answered. */
  onSent: (hear: (bytes: Uint8Array) => void) => void;
  answer: (bytes: Uint8Array) => void;
  /** Lets it wait for the next dump of this process, which then has nothing to start and compile. It keeps no process alive. */
  rest: () => void;
  end: () => Promise<unknown>;
}

/** Where the thread's file stands: beside this one, both in src/ and in dist/. */
const workerFile = () => new URL('./worker.mjs', import.meta.url);

const resting: DumpThread[] = [];
const mostResting = 2;

export const takeThread = (): DumpThread => resting.pop() ?? startThread();

const startThread = (): DumpThread => {
  const { port1: port, port2 } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(workerFile(), { workerData: { bell, port: port2 }, transferList: [port2], execArgv: [] });
  let hear: ((bytes: Uint8Array) => void) | undefined;
  const early: Uint8Array[] = [];
  port.on('message', (bytes: Uint8Array) => (hear === undefined ? early.push(bytes) : hear(bytes)));

  const thread: DumpThread = {
    dump: (args) =>
      new Promise<Outcome>((resolve, reject) => {
        worker.removeAllListeners();
        worker.once('message', resolve).once('error', reject);
        worker.once('exit', (code) => reject(new Error(`the dump's thread ended early (${code})`)));
        port.ref();
        worker.ref();
        worker.postMessage(args);
      }),
    onSent: (listener) => {
      hear = listener;
      for (const bytes of early.splice(0)) hear(bytes);
    },
    answer: (bytes) => {
      port.postMessage(bytes);
      Atomics.add(bell, 0, 1);
      Atomics.notify(bell, 0);
    },
    rest: () => {
      if (resting.length >= mostResting) return void thread.end();
      hear = undefined;
      port.unref();
      worker.removeAllListeners().unref();
      worker.once('error', () => resting.splice(resting.indexOf(thread), 1));
      resting.push(thread);
    },
    end: () => {
      port.close();
      return worker.terminate();
    },
  };
  return thread;
};
