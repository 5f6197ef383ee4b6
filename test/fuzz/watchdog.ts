import { Worker } from 'node:worker_threads';

/** Written to by who works: the seed at hand (0 for none), which has to change before the limit is over. */
export interface Watchdog {
  at: (seed: number) => void;
  end: () => Promise<void>;
}

/** A loop that never ends can't be stopped from its own thread: another one names the seed and ends this process. */
export function startWatchdog(limitMs: number): Watchdog {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(`(${watch.toString()})(require('node:worker_threads').workerData)`, {
    eval: true,
    workerData: { shared, limitMs },
  });
  worker.unref();
  return {
    at: (seed) => {
      Atomics.store(shared, 0, seed);
      Atomics.add(shared, 1, 1);
    },
    end: async () => void (await worker.terminate()),
  };
}

function watch({ shared, limitMs }: { shared: Int32Array; limitMs: number }): void {
  let [last, since] = [-1, Date.now()];
  setInterval(() => {
    const now = Atomics.load(shared, 1);
    if (now !== last) [last, since] = [now, Date.now()];
    const seed = Atomics.load(shared, 0);
    if (seed === 0 || Date.now() - since < limitMs) return;
    require('node:fs').writeSync(
      2,
      `Seed ${seed} does not end within ${limitMs} ms. Again: SUPASNAP_FUZZ_SEED=${seed} npm run test:fuzz\n`,
    );
    process.kill(process.pid, 'SIGKILL');
  }, 100);
}
