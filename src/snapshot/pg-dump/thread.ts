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
  const worker = new Worker(workerFile(), { execArgv: [] });
  let line: ReturnType<typeof openLine>;

  const thread: DumpThread = {
    dump: (args) =>
      new Promise<Outcome>((resolve, reject) => {
        line = openLine();
        worker.removeAllListeners();
        worker.once('message', resolve).once('error', reject);
        worker.once('exit', (code) => reject(new Error(`the dump's thread ended early (${code})`)));
        worker.ref();
        worker.postMessage({ args, port: line.far, bell: line.bell }, [line.far]);
      }),
    onSent: (listener) => line.onSent(listener),
    answer: (bytes) => line.answer(bytes),
    rest: () => {
      line.close();
      if (resting.length >= mostResting) return void thread.end();
      worker.removeAllListeners().unref();
      worker.once('error', () => resting.splice(resting.indexOf(thread), 1));
      resting.push(thread);
    },
    end: () => {
      line.close();
      return worker.terminate();
    },
  };
  return thread;
};

/** A port and a bell for one dump alone: what it leaves behind can't reach the next. */
const openLine = () => {
  const { port1: port, port2: far } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  let hear: ((bytes: Uint8Array) => void) | undefined;
  const early: Uint8Array[] = [];
  port.on('message', (bytes: Uint8Array) => (hear === undefined ? early.push(bytes) : hear(bytes)));
  return {
    far,
    bell,
    onSent: (listener: (bytes: Uint8Array) => void) => {
      hear = listener;
      for (const bytes of early.splice(0)) hear(bytes);
    },
    answer: (bytes: Uint8Array) => {
      port.postMessage(bytes);
      Atomics.add(bell, 0, 1);
      Atomics.notify(bell, 0);
    },
    close: () => port.close(),
  };
};
