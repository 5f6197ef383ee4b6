// Runs the WebAssembly pg_dump, which can only wait by blocking: hence a thread of its own.
// Plain JavaScript, because a thread cannot be started from TypeScript source.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

const { bell, port } = workerData;

const exchange = (bytes) => {
  const rings = Atomics.load(bell, 0);
  port.postMessage(bytes.slice());
  Atomics.wait(bell, 0, rings);
  return receiveMessageOnPort(port).message;
};

// What pgDump asks of a PGlite, answered by the real server at the other end of the port.
const server = {
  execProtocolRawStream: (bytes, { onRawData }) => {
    const reply = exchange(bytes);
    if (reply.length > 0) onRawData(reply);
  },
  query: async () => ({ rows: [{ search_path: 'public' }] }),
  exec: async () => [],
};

parentPort.on('message', async (args) => {
  try {
    const file = await pgDump({ pg: server, args });
    parentPort.postMessage({ sql: await file.text() });
  } catch (error) {
    parentPort.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  }
});
