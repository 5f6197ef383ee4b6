import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { makeCertificate } from '../pg-dump/certificate.ts';
import { testServer } from '../postgres/database.ts';
import { leadTo, reach, type ReachOptions, urlOf, withDoor, withNames } from './reach.ts';

const authority = { ...makeCertificate({ name: 'an authority' }), name: 'an authority' };
const hosts = ['127.0.0.1', 'db.example.com', 'aws-0-test.pooler.supabase.com'];
const good = makeCertificate({ issuer: authority, name: 'server', hosts });
const expired = makeCertificate({ issuer: authority, name: 'server', hosts, lastYear: '25' });

let server: EmbeddedServer;
let encrypting: ConnectionSettings;
let folder: string;
const file = (name: string) => join(folder, name);

/** Names that lead to this machine but are not it. */
const far = (host: string, words = '', options: ReachOptions = {}, settings = encrypting) =>
  withNames({ [host]: '127.0.0.1' }, () => reach(urlOf(settings, host, words), options));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supasnap-certificates-'));
  writeFileSync(file('authority.pem'), authority.certificate);
  writeFileSync(file('other.pem'), makeCertificate({ name: 'another authority' }).certificate);
  writeFileSync(file('none.pem'), 'no certificate');
  server = await startEmbedded({
    major: 17,
    stateFolder: join(tmpdir(), inject('run')),
    name: 'connection-tls',
    searchFrom: [process.cwd()],
    settings: { fsync: 'off' },
  });
  encrypting = server.superuser;
  await withClient(encrypting, async (client) => {
    await client.query("create role tls_only login password 'tls-secret'");
    await client.query('alter system set ssl = on');
  });
  const access = join(server.dataFolder, 'pg_hba.conf');
  writeFileSync(access, `hostssl all tls_only all scram-sha-256\nhost all tls_only all reject\n${readFileSync(access, 'utf8')}`);
  await show(good);
});
afterAll(async () => {
  await stopEmbedded(server);
  rmSync(folder, { recursive: true, force: true });
});

/** Lets the server have that certificate from now on. */
async function show({ certificate, key }: typeof good): Promise<void> {
  const { uid, gid } = statSync(server.dataFolder);
  for (const [name, text] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    const path = join(server.dataFolder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
  }
  const loaded = () =>
    withClient(server.superuser, async (client) => String((await client.query('select pg_conf_load_time()::text as at')).rows[0].at));
  const before = await loaded();
  await withClient(server.superuser, (client) => client.query('select pg_reload_conf()'));
  while ((await loaded()) === before) await sleep(20);
}

test.for(['', 'sslmode=allow', 'sslmode=prefer', 'sslmode=require'])(
  'a host that is not this machine is reached encrypted (%s)',
  async (words) => {
    expect(await far('db.example.com', words)).toMatchObject({ exitCode: 0, encrypted: true });
  },
);

test.for(['', 'sslmode=allow', 'sslmode=prefer', 'sslmode=require'])(
  'a server without TLS on another host is refused (%s), and nothing is sent there in clear',
  async (words) => {
    const { exitCode, code, told } = await far('db.example.com', words, {}, testServer(17).superuser);
    expect([exitCode, code]).toEqual([3, 'tls_failed']);
    expect(told).toMatch(/Error: .*no encryption.* db\.example\.com/);
    expect(told).toContain('sslmode=disable');
  },
);

test('sslmode=disable asks for plain text, and is warned of each time; so does PGSSLMODE', async () => {
  for (const [words, environment] of [
    ['sslmode=disable', {}],
    ['', { PGSSLMODE: 'disable' }],
  ] as const) {
    const { exitCode, told, encrypted } = await far('db.example.com', words, { environment });
    expect({ exitCode, encrypted }).toEqual({ exitCode: 0, encrypted: false });
    expect(told).toContain('This connection is not encrypted');
  }
  expect(await far('db.example.com', 'sslmode=require', { environment: { PGSSLMODE: 'disable' } })).toMatchObject({ encrypted: true });
});

test('on this machine plain text comes first and TLS where the server insists; prefer turns it round, and falls back', async () => {
  const insisting = { ...encrypting, user: 'tls_only', password: 'tls-secret' };
  const encrypted = async (settings: ConnectionSettings, words = '') => (await reach(urlOf(settings, '127.0.0.1', words))).encrypted;
  expect(await encrypted(encrypting)).toBe(false);
  expect(await encrypted(insisting)).toBe(true);
  expect(await encrypted(insisting, 'sslmode=allow')).toBe(true);
  expect(await encrypted(encrypting, 'sslmode=prefer')).toBe(true);
  expect(await encrypted(testServer(17).superuser, 'sslmode=prefer')).toBe(false);
  const { exitCode, code, told } = await reach(urlOf(insisting, '127.0.0.1', 'sslmode=disable'));
  expect([exitCode, code]).toEqual([1, 'login_failed']);
  expect(told).toMatch(/Error: .*user tls_only .*without encryption/);
});

test('a root certificate is checked: named in the URL, by the flag, by PGSSLROOTCERT, in the home folder; with require too', async () => {
  const root = `sslrootcert=${encodeURIComponent(file('authority.pem'))}`;
  mkdirSync(file('home/.postgresql'), { recursive: true });
  writeFileSync(file('home/.postgresql/root.crt'), readFileSync(file('other.pem')));
  const trusting: [words: string, options: ReachOptions][] = [
    [root, {}],
    [`${root}&sslmode=verify-ca`, {}],
    [`${root}&sslmode=verify-full`, {}],
    [`${root}&sslmode=require`, {}],
    ['', { sslRootCert: file('authority.pem') }],
    ['sslmode=verify-full', { environment: { PGSSLROOTCERT: file('authority.pem') } }],
    ['', { environment: { PGSSLROOTCERT: file('authority.pem'), PGSSLMODE: 'verify-ca' } }],
  ];
  for (const [words, options] of trusting)
    expect(await far('db.example.com', words, options), words).toMatchObject({ exitCode: 0, encrypted: true });

  const other = `sslrootcert=${encodeURIComponent(file('other.pem'))}`;
  const doubting: [words: string, options: ReachOptions][] = [
    [other, {}],
    [`${other}&sslmode=verify-ca`, {}],
    [`${other}&sslmode=require`, {}],
    [`${other}&sslmode=prefer`, {}],
    [root, { sslRootCert: file('other.pem') }],
    ['sslmode=require', { environment: { PGSSLROOTCERT: file('other.pem') } }],
    ['sslmode=require', { environment: { HOME: file('home') } }],
    ['sslmode=verify-full', {}],
  ];
  for (const [words, options] of doubting) {
    const { exitCode, code, told } = await far('db.example.com', words, options);
    expect([exitCode, code], words).toEqual([1, 'tls_failed']);
    expect(told).toMatch(/Error: .*authority/);
    expect(told).toContain('--ssl-root-cert');
  }
  expect(await reach(urlOf(encrypting), { environment: { PGSSLROOTCERT: file('other.pem') } })).toMatchObject({
    exitCode: 0,
    encrypted: false,
  });
});

test('the host name is checked by verify-full, and not by verify-ca', async () => {
  const words = `sslrootcert=${encodeURIComponent(file('authority.pem'))}`;
  for (const mode of ['', '&sslmode=verify-full']) {
    const { exitCode, code, told } = await far('wrong.example.com', words + mode);
    expect([exitCode, code]).toEqual([1, 'tls_failed']);
    expect(told).toMatch(/Error: .*another host than wrong\.example\.com/);
  }
  expect(await far('wrong.example.com', `${words}&sslmode=verify-ca`)).toMatchObject({ exitCode: 0, encrypted: true });
});

test('sslrootcert=system trusts what the machine trusts, and only with verify-full', async () => {
  vi.stubEnv('SSL_CERT_FILE', file('authority.pem'));
  try {
    expect(await far('db.example.com', 'sslrootcert=system')).toMatchObject({ exitCode: 0, encrypted: true });
    expect(await far('db.example.com', 'sslmode=verify-full')).toMatchObject({ exitCode: 0, encrypted: true });
    expect(await far('wrong.example.com', 'sslrootcert=system')).toMatchObject({ exitCode: 1, code: 'tls_failed' });
    for (const mode of ['require', 'verify-ca'])
      expect(await far('db.example.com', `sslrootcert=system&sslmode=${mode}`)).toMatchObject({ exitCode: 2, code: 'bad_target' });
  } finally {
    vi.unstubAllEnvs();
  }
});

test('words that can not be followed end with exit 2', async () => {
  const missing = encodeURIComponent(file('missing.pem'));
  for (const words of [
    `sslrootcert=${missing}`,
    `sslmode=require&sslrootcert=${missing}`,
    `sslrootcert=${encodeURIComponent(file('none.pem'))}`,
    'sslmode=verify-ca',
    'sslmode=encrypted',
  ])
    expect(await far('db.example.com', words), words).toMatchObject({ exitCode: 2, code: 'bad_target' });
});

test.skipIf(process.platform !== 'linux')(
  "port 6543 of the hosted platform's pooler becomes 5432, and the output says so",
  async ({ skip }) => {
    const host = 'aws-0-test.pooler.supabase.com';
    const address = `127.77.${process.pid % 250}.7`;
    const url = urlOf({ ...encrypting, port: 6543 }, host, `sslrootcert=${encodeURIComponent(file('authority.pem'))}`);
    const going = withDoor(leadTo(server), () => withNames({ [host]: address }, () => reach(url, { purpose: 'change' })), {
      host: address,
      port: 5432,
    });
    const reached = await going.catch((error: { code?: string }) => {
      if (error.code === 'EADDRINUSE') return undefined;
      throw error;
    });
    if (!reached) return skip('another program has port 5432 of every address');
    expect(reached).toMatchObject({ exitCode: 0, encrypted: true });
    expect(reached.told).toContain(`at ${host}:5432`);
    expect(reached.told).toContain('Port 6543 there is the transaction pooler; the session pooler on port 5432 is used instead.');
  },
);

test('an expired certificate is named, where certificates are checked', async () => {
  await show(expired);
  const { exitCode, code, told } = await far('db.example.com', '', { sslRootCert: file('authority.pem') });
  expect([exitCode, code]).toEqual([1, 'tls_failed']);
  expect(told).toContain('has expired');
  expect(await far('db.example.com')).toMatchObject({ exitCode: 0, encrypted: true });
});
