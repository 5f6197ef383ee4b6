import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import { rollback } from '../../src/commands/rollback.ts';
import { status } from '../../src/commands/status.ts';
import { test as smokeTest } from '../../src/commands/test.ts';
import type { Context } from '../../src/context.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { connect, type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { testServer } from '../postgres/database.ts';
import { withProject } from '../project.ts';
import { copyData, startOn, type OwnProcess } from './own-process.ts';
import { freePort, pgbouncer, startPgBouncer } from './pgbouncer.ts';
import { command, leadTo, reach, type ReachOptions, urlOf, withDoor } from './reach.ts';

const major = 17;
/** Before that a server refuses like one that is not there. */
async function untilItListens(port: number): Promise<void> {
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = connectSocket(port, '127.0.0.1');
      socket
        .on('connect', () => resolve(true))
        .on('error', () => resolve(false))
        .on('connect', () => socket.destroy());
    });
  while (!(await listens())) await sleep(20);
}

const once = (act: () => void) => (line: string) => {
  if (line.includes('Trying again (1 of 4)')) act();
};
/** As what it ended with, and what it said. `code`: which it may be; the one case with two turns on which of two limits is met first. */
const fails = async (url: string, exitCode: number, code: ErrorCode | ErrorCode[], fact: string | RegExp, options: ReachOptions = {}) => {
  const reached = await reach(url, options);
  expect(reached.exitCode, reached.told).toBe(exitCode);
  expect([code].flat(), reached.told).toContain(reached.code);
  expect(reached.told.slice(reached.told.indexOf('Error: '))).toMatch(fact);
  expect(reached.told).toMatch(/State: Nothing was changed\.\n.*Next: /s);
  return reached.told;
};
const retries = (told: string) => told.match(/Trying again/g)?.length ?? 0;

describe('a login that the server refuses is tried once', () => {
  const refusals: [what: string, change: Partial<ConnectionSettings>, code: ErrorCode, fact: string][] = [
    ['a wrong password', { password: 'wrong-one' }, 'login_failed', 'user postgres'],
    ['an unknown user', { user: 'nobody_known' }, 'login_failed', 'user nobody_known'],
    ['an unknown database', { database: 'not_there' }, 'connection_failed', 'database "not_there"'],
  ];
  test.concurrent.for(refusals)('%s', async ([, change, code, fact], { expect }) => {
    const server = testServer(major);
    await withDoor(leadTo(server), async ({ port, visits }) => {
      expect(await fails(urlOf({ ...server.postgres, port, ...change }), 1, code, fact)).toContain('--remote');
      // The second time with TLS, had the server asked for it; it did not.
      expect(visits()).toBe(1);
    });
  });

  test.concurrent('no password at all', async () => {
    const { port } = testServer(major);
    await fails(`postgresql://postgres@127.0.0.1:${port}/postgres`, 1, 'login_failed', 'password of postgres');
  });
});

describe('on the way there', () => {
  test.concurrent('a host that is not known', () =>
    fails('postgresql://a:b@host.invalid/x', 1, 'connection_failed', 'host.invalid').then(() => {}));

  test.concurrent('nothing that listens: tried again four times', async ({ expect }) => {
    const port = await freePort();
    expect(retries(await fails(`postgresql://a:b@127.0.0.1:${port}/x`, 1, 'connection_failed', `127.0.0.1:${port}`))).toBe(4);
  });

  test.concurrent('nothing that listens yet: once it does, the command goes on', async ({ expect }) => {
    const server = testServer(major);
    const port = await freePort();
    let stop = () => {};
    const began = once(() => void withDoor(leadTo(server), () => new Promise<void>((resolve) => (stop = resolve)), { port }));
    expect(await reach(urlOf({ ...server.postgres, port }), { onTold: began })).toMatchObject({ exitCode: 0 });
    stop();
  });

  test.concurrent('a connection that is reset, or closed, before the login; the third goes well', async ({ expect }) => {
    const server = testServer(major);
    const treat = (visitor: Socket, number: number) => {
      if (number === 1) visitor.once('data', () => visitor.resetAndDestroy());
      else if (number === 2) visitor.end();
      else leadTo(server)(visitor);
    };
    await withDoor(treat, async ({ port, visits }) => {
      const { exitCode, told } = await reach(urlOf({ ...server.postgres, port }));
      expect({ exitCode, visits: visits() }).toEqual({ exitCode: 0, visits: 3 });
      expect(told.match(/closed the connection\. Trying again/g)).toHaveLength(2);
    });
  });

  test.concurrent('a server that never answers: tried once, for as long as connect_timeout says', ({ expect }) =>
    withDoor(
      () => {},
      async ({ port, visits }) => {
        expect(
          retries(await fails(`postgresql://a:b@127.0.0.1:${port}/x?connect_timeout=1`, 1, 'connection_failed', 'does not answer')),
        ).toBe(0);
        expect(visits()).toBe(1);
      },
    ));

  test.concurrent('something that is no PostgreSQL', async () => {
    const web = createHttpServer((_, answer) => answer.end()).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => web.once('listening', resolve));
      await fails(
        `postgresql://a:b@127.0.0.1:${(web.address() as AddressInfo).port}/x?sslmode=require`,
        1,
        'connection_failed',
        'does not answer as a PostgreSQL server does',
      );
    } finally {
      web.close();
    }
  });

  test.concurrent("a pooler's words that only the hosted platform's says (its bytes, from a server of this test)", async () => {
    const words: Record<string, [ErrorCode, string | RegExp]> = {
      'Tenant or user not found': ['login_failed', /user "postgres".*postgres\.<project-ref>/s],
      'MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size': ['server_busy', /pooler/],
      'Max client connections reached': ['server_busy', /pooler/],
    };
    const hear = async ([said, [code, fact]]: [string, [ErrorCode, string | RegExp]]) => {
      const body = Buffer.from(`SFATAL\0CXX000\0M${said}\0\0`);
      const head = Buffer.from([0x45, 0, 0, 0, 0]);
      head.writeInt32BE(body.length + 4, 1);
      await withDoor(
        (visitor) => visitor.once('data', () => visitor.end(Buffer.concat([head, body]))),
        ({ port }) => fails(`postgresql://postgres:b@127.0.0.1:${port}/postgres`, 1, code, fact),
      );
    };
    await Promise.all(Object.entries(words).map(hear));
  });
});

describe('on a server of its own', () => {
  let server: EmbeddedServer;
  let running: OwnProcess;
  const others: OwnProcess[] = [];
  const at = ({ port }: { port: number }, change: Partial<ConnectionSettings> = {}) => urlOf({ ...server.superuser, port, ...change });
  const asSuperuser = (sql: string) => withClient({ ...server.superuser, port: running.port }, (client) => client.query(sql));
  const start = async (name: string, signal?: string, settings?: Record<string, string>) => {
    const started = await startOn(copyData(server.dataFolder, name, signal), major, settings);
    others.push(started);
    return started;
  };

  beforeAll(async () => {
    server = await startEmbedded({
      major,
      stateFolder: join(tmpdir(), inject('run')),
      name: 'connection-trouble',
      searchFrom: [process.cwd()],
      settings: { fsync: 'off' },
    });
    await stopEmbedded(server);
    running = await start('running');
    await answering(running);
  });
  afterAll(async () => {
    for (const other of others) await other.end();
  });
  const answering = async ({ port }: OwnProcess) => {
    for (let tries = 0; ; tries++) {
      try {
        return await withClient({ ...server.superuser, port }, async () => {});
      } catch (error) {
        if (tries > 200) throw error;
        await sleep(100);
      }
    }
  };

  /** The server has noticed: it lets nobody in, whatever it says. */
  const untilItRefuses = async ({ port }: OwnProcess) => {
    const letsIn = () => withClient({ ...server.superuser, port }, async () => true).catch(() => false);
    while (await letsIn()) await sleep(20);
  };

  test('no free connection: tried again, and once another session ends it goes well', async () => {
    await asSuperuser("create role crowded login password 'crowded-secret' connection limit 1");
    const crowded = { user: 'crowded', password: 'crowded-secret' };
    const other = await connect({ ...server.superuser, port: running.port, ...crowded });
    const { exitCode, told } = await reach(at(running, crowded), { onTold: once(() => void other.end()) });
    expect(exitCode).toBe(0);
    expect(told).toContain('The server has no free connection left. Trying again');
  });

  test.skipIf(!pgbouncer)('a pooler whose login fails at the server, after it let us in: tried again until it is mended', async () => {
    const crowded = { user: 'crowded', password: 'crowded-secret' };
    await asSuperuser('alter role crowded connection limit 1');
    const pooler = await startPgBouncer({ ...server.superuser, port: running.port, ...crowded }, 'session', ['server_login_retry = 0.2']);
    try {
      const url = at(pooler, crowded);
      expect(await reach(url)).toMatchObject({ exitCode: 0 });
      await asSuperuser(
        "alter role crowded connection limit 0; select pg_terminate_backend(pid, 1000) from pg_stat_activity where usename = 'crowded'",
      );
      const { exitCode, told } = await reach(url, { onTold: once(() => void asSuperuser('alter role crowded connection limit 1')) });
      expect(exitCode, told).toBe(0);
      expect(told).toMatch(/can't reach the database behind it\. Trying again|no free connection left\. Trying again/);
    } finally {
      await pooler.stop();
    }
  });

  test('a database that is read-only is read, and not changed', async () => {
    await asSuperuser('alter database postgres set default_transaction_read_only = on');
    expect(await reach(at(running))).toMatchObject({ exitCode: 0 });
    const told = await fails(at(running), 3, 'not_writable', 'default_transaction_read_only', { purpose: 'change' });
    expect(told).toContain('alter database "postgres" set default_transaction_read_only = off');
    await withClient({ ...server.superuser, port: running.port, database: 'template1' }, (client) =>
      client.query('alter database postgres reset default_transaction_read_only'),
    );
    expect(await reach(at(running), { purpose: 'change' })).toMatchObject({ exitCode: 0 });
  });

  test('a session that is ended in the middle of reading is named, and reading is not begun again', async () => {
    let acts = 0;
    const told = await fails(at(running), 1, 'connection_lost', `127.0.0.1:${running.port}`, {
      act: (client) => {
        acts++;
        return client.query('select pg_terminate_backend(pg_backend_pid())');
      },
    });
    expect(told).toContain('57P01');
    expect(acts).toBe(1);
  });

  test('a standby is read from: status and test work, migrate and rollback are refused', async () => {
    const standby = await start('standby', 'standby.signal', { hot_standby: 'on' });
    await answering(standby);
    const files = {
      'supabase/migrations/20260101000000_v0_1_0_base.sql': 'create table public.a (id int);\n',
      'supabase/tests/v0.1.0_smoke_test.sql': "select 'ok 1 - here'; select '1..1';\n",
    };
    await withProject(files, async ({ folder }) => {
      const run = <T>(act: (context: Context) => Promise<T>) => command(at(standby), folder, act);
      expect((await run(status)).value).toMatchObject({ pending: [{ version: '20260101000000' }] });
      expect((await run((context) => smokeTest(context, { version: 'v0.1.0' }))).value).toMatchObject([{ ok: true }]);
      for (const change of [(context: Context) => migrate(context), (context: Context) => rollback(context, { steps: 1 })]) {
        const { exitCode, code, told } = await run<unknown>(change);
        expect([exitCode, code]).toEqual([3, 'not_writable']);
        expect(told).toContain('is a standby');
      }
    });
  });

  test('a standby that takes no connections is named, and not tried again', async () => {
    const closed = await start('closed', 'standby.signal', { hot_standby: 'off' });
    for (let told = ''; !told.includes('Hot standby') && !told.includes('not accepting'); )
      told = await fails(at(closed), 1, 'connection_failed', /is a standby that takes no connections|is starting up|Nothing answers/);
    expect(retries(await fails(at(closed), 1, 'connection_failed', 'is a standby that takes no connections'))).toBe(0);
  });

  test('a server that is starting up is waited for', async () => {
    const starting = await start('starting', 'recovery.signal', { restore_command: 'until test -e awaited; do sleep 0.1; done; false' });
    await untilItListens(starting.port);
    const { exitCode, told } = await reach(at(starting), {
      onTold: once(() => writeFileSync(`${server.dataFolder}-starting/awaited`, '')),
    });
    expect(exitCode, told).toBe(0);
    expect(told).toContain('is starting up. Trying again');
  });

  test('a server that recovers from a crash is waited for', async () => {
    const [frozen, killed] = await Promise.all([1, 2].map(() => connect({ ...server.superuser, port: running.port })));
    const pid = async (client: typeof frozen) => (await client!.query('select pg_backend_pid() as pid')).rows[0].pid as number;
    const [frozenPid, killedPid] = [await pid(frozen), await pid(killed)];
    // While this session does not end, the server can't begin to recover.
    process.kill(frozenPid, 'SIGSTOP');
    process.kill(killedPid, 'SIGKILL');
    await untilItRefuses(running);
    const { exitCode, told } = await reach(at(running), { onTold: once(() => process.kill(frozenPid, 'SIGCONT')) });
    expect(exitCode, told).toBe(0);
    expect(told).toContain('is recovering from a crash. Trying again');
  });

  test('a server that is shutting down is named', async () => {
    const last = await connect({ ...server.superuser, port: running.port });
    running.process.kill('SIGTERM');
    await untilItRefuses(running);
    await fails(at(running), 1, 'connection_failed', 'is shutting down.');
    await last.end();
  });
});

describe.skipIf(!pgbouncer)('what a real PgBouncer says', () => {
  test('a database that it does not know; settings at start-up; a wrong password', async () => {
    const { postgres } = testServer(major);
    const pooler = await startPgBouncer(postgres, 'session', [], 'postgres');
    try {
      const url = (change: Partial<ConnectionSettings>) => urlOf({ ...postgres, port: pooler.port, ...change });
      expect(retries(await fails(url({ database: 'not_there' }), 1, 'connection_failed', 'database "not_there"'))).toBe(0);
      expect(retries(await fails(url({ password: 'wrong-one' }), 1, 'login_failed', 'user postgres'))).toBe(0);
      vi.stubEnv('PGOPTIONS', '-c lock_timeout=1s');
      await fails(url({}), 1, 'connection_failed', 'PGOPTIONS');
      vi.unstubAllEnvs();
      expect(await reach(url({}))).toMatchObject({ exitCode: 0 });
    } finally {
      vi.unstubAllEnvs();
      await pooler.stop();
    }
  });

  test('it has no room, or nobody behind it', async () => {
    const { postgres } = testServer(major);
    const [lonely, full, lost] = await Promise.all([
      startPgBouncer({ ...postgres, port: await freePort() }, 'session', ['query_wait_timeout = 1']),
      startPgBouncer(postgres, 'session', ['max_client_conn = 0']),
      startPgBouncer(postgres, 'session'),
    ]);
    try {
      const at = ({ port }: { port: number }, database = 'postgres') => urlOf({ ...postgres, port, database });
      const [alone, room] = await Promise.all([
        fails(at(lonely), 1, 'server_busy', 'in time'),
        fails(at(full), 1, 'server_busy', 'pooler'),
        fails(at(lost, 'not_there'), 1, 'connection_failed', 'database "not_there"'),
        fails(
          `${at(lonely)}?connect_timeout=1`,
          1,
          ['connection_failed', 'server_busy'],
          /where that is a pooler, whether the database behind it runs|got no connection/,
        ),
      ]);
      expect([retries(alone), retries(room)]).toEqual([0, 4]);
    } finally {
      await Promise.all([lonely.stop(), full.stop(), lost.stop()]);
    }
  });
});
