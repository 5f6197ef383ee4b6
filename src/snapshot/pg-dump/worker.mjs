// Runs the WebAssembly pg_dump, which can only wait by blocking: hence a thread of its own.
// Plain JavaScript, because a thread cannot be started from TypeScript source.
import { setFlagsFromString } from 'node:v8';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

// What pgDump asks of a PGlite, answered by the real server at the other end of the port. Each dump has a port and a bell
// of its own: nothing that one leaves behind reaches the next.
const serverAt = ({ port, bell }) => ({
  execProtocolRawStream: (bytes, { onRawData }) => {
    let rings = Atomics.load(bell, 0);
    port.postMessage(bytes.slice());
    let received = receiveMessageOnPort(port);
    // The bell can be heard before the answer is there.
    while (received === undefined) {
      Atomics.wait(bell, 0, rings, 100);
      rings = Atomics.load(bell, 0);
      received = receiveMessageOnPort(port);
    }
    if (received.message.length > 0) onRawData(received.message);
  },
  query: async () => ({ rows: [{ search_path: 'public' }] }),
  exec: async () => [],
});

// A dump is over before code compiled a second time, and better, pays for itself: without this, that compiling is half of its CPU time.
setFlagsFromString('--liftoff-only');

parentPort.on('message', async ({ args, port, bell }) => {
  try {
    const file = await pgDump({ pg: serverAt({ port, bell }), args });
    parentPort.postMessage({ sql: await file.text() });
  } catch (error) {
    parentPort.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  } finally {
    port.close();
  }
});
