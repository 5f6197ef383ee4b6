import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { findNative } from '../../src/snapshot/pg-dump/native.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { makeCertificate } from './certificate.ts';

let folder: string;
let superuser: ConnectionSettings;
const { certificate, key } = makeCertificate();
const serverVersion = 150_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supasnap-tls-'));
  await chmod(folder, 0o755);
  const server = await startEmbedded({
    major: 15,
    stateFolder: folder,
    name: 'tls',
    searchFrom: [process.cwd()],
    settings: { fsync: 'off' },
  });
  superuser = server.superuser;
  const { uid, gid } = await stat(server.dataFolder);
  for (const [name, text] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    const file = join(server.dataFolder, name);
    await writeFile(file, text, { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(file, uid, gid);
  }
  await withClient(superuser, async (client) => {
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
    await client.query('CREATE TABLE seen_by_tls (id int)');
    await client.query("CREATE ROLE tls_only LOGIN SUPERUSER PASSWORD 'tls-secret'");
    await client.query('SELECT pg_sleep(0.5)');
  });
});

afterAll(async () => {
  await stopEmbedded({ stateFolder: folder, name: 'tls' });
  await rm(folder, { recursive: true, force: true });
});

for (const choice of ['bundled', 'native'] as const) {
  test(`a dump goes over TLS, with SCRAM, and checks the certificate (${choice})`, async ({ skip }) => {
    if (choice === 'native' && (await findNative()).length === 0) skip('no pg_dump is installed');
    const settings = { ...superuser, user: 'tls_only', password: 'tls-secret' };
    await withClient({ ...settings, ssl: { rejectUnauthorized: true, ca: certificate } }, async (client) => {
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      expect(rows).toEqual([{ ssl: true }]);
    });

    for (const ssl of [
      { rejectUnauthorized: false },
      { rejectUnauthorized: true, ca: certificate },
      { rejectUnauthorized: true, ca: certificate, checkServerIdentity: () => undefined },
    ]) {
      const { sql } = await dumpSchema({ ...settings, ssl }, { choice, serverVersion });
      expect(sql).toContain('CREATE TABLE public.seen_by_tls');
    }
    await expect(dumpSchema({ ...settings, ssl: true }, { choice, serverVersion })).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringMatching(/certificate|self.signed/),
    });
  });
}
