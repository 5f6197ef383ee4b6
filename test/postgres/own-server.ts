import { beforeAll, inject } from 'vitest';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import { startTestServer, type ServerKind } from './setup.ts';

/**
 * A server that one test file has for itself, so that it sees no roles that other files make. To be called in a describe
 * block; what it gives is to be called in a test. Only one file of a run may ask for each kind.
 */
export function ownServer(kind: Exclude<ServerKind, 'test'>, major: number): () => EmbeddedServer {
  let server: EmbeddedServer | undefined;
  beforeAll(async () => {
    server = await startTestServer(inject('run'), kind, major);
  });
  return () => server!;
}
