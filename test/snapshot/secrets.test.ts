import { describe, expect, test } from 'vitest';
import { splitStatements } from '../../src/migration/statements.ts';
import { secretTexts, setClauses } from '../../src/snapshot/secret-kinds.ts';
import type { Facts } from '../../src/snapshot/facts.ts';
import { findSecrets, findSecretsInFile, secretLines } from '../../src/snapshot/secrets.ts';

const token = (payload: object) =>
  ['{"alg":"HS256","typ":"JWT"}', JSON.stringify(payload)].map((part) => Buffer.from(part).toString('base64url')).join('.') +
  '.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4';
// Put together here, so that no scanner takes this file for one that holds secrets.
const joined = (...parts: string[]) => parts.join('');
const drawn = '9f8A7b6C5d4E3f2A1b0C9d8E7f6A5b4C3d2E1f0A';

describe('a secret is seen', () => {
  test.each([
    [
      "execute function supabase_functions.http_request('https://x.co', 'POST', '{\"Authorization\":\"Bearer a1B2c3D4e5F6g7H8\"}', '{}', '1000')",
      'bearer token (a1B2…)',
    ],
    [
      `select net.http_post(headers := '{"Authorization": "Bearer ${token({ role: 'service_role' })}"}')`,
      'Supabase service_role key (eyJh…)',
    ],
    [`'${token({ sub: '1' })}'`, 'JSON web token (eyJh…)'],
    [joined("'sb_sec", 'ret_', drawn, "'"), 'Supabase secret key (sb_s…)'],
    [joined("'sbp", '_0123456789abcdef0123456789abcdef01234567', "'"), 'Supabase access token (sbp_…)'],
    [joined("'AK", "IAQ3EGRZ7XWPLK2M4B'"), 'AWS access key (AKIA…)'],
    [joined("'gh", 'p_', drawn, "'"), 'GitHub token (ghp_…)'],
    [joined("'sk_", 'live_', drawn, "'"), 'Stripe key (sk_l…)'],
    [joined("'https://hooks.slack.com/services/", 'T01ABCDEF/B01ABCDEF/a1B2c3D4e5F6g7H8i9J0k1L2', "'"), 'Slack webhook (T01A…)'],
    ["E'-----BEGIN RSA PRIVATE KEY-----\\nMIIE'", 'private key (----…)'],
    ["jsonb_build_object('apikey', 'a1B2c3D4e5F6g7H8')", 'key in a header (a1B2…)'],
    ['\'{"X-Webhook-Secret": "0b8f1a5e-7d31-4a86-9a0d-3f0e5c0d9b11"}\'', 'key in a header (0b8f…)'],
    [`'Basic ${Buffer.from('api:s3cr3t-word').toString('base64')}'`, 'password of a Basic authorization (YXBp…)'],
    ["dblink('postgresql://app:hunter2hunter2@db.acme.io:5432/app')", 'password in a URL (…)'],
    ["dblink('host=db.acme.io user=app password=hunter2', 'select 1')", 'password in a connection string (…)'],
  ])('%s', (sql, expected) => {
    const found = secretTexts(sql);
    expect(found.map(({ kind, masked }) => `${kind} (${masked})`)).toEqual([expected]);
  });

  test('in the options of a user mapping and of a server', async () => {
    const found = findSecretsInFile(
      await splitStatements(
        "create user mapping for app server s options (user 'app', password 'hunter2');\ncreate server stripe foreign data wrapper w options (api_key 'a1b2', api_key_id '0b8f1a5e-7d31-4a86-9a0d-3f0e5c0d9b11');",
      ),
    );
    expect(secretLines(found)).toEqual(['line 1: password in options (…)', 'line 2: key in options (…)']);
  });

  test('in a setting of a role', async () => {
    expect(
      secretLines(findSecretsInFile(await splitStatements(`alter role authenticator set app.settings.jwt_secret = '${drawn}'`))),
    ).toEqual(['line 1: secret in a setting (9f8A…)']);
  });
});

test('a setting of a role, which the dump does not show, is in the snapshot too', () => {
  const config = ['statement_timeout=8s', `app.settings.jwt_secret=${drawn}`, 'pgrst.db_schemas=public, api'];
  const facts = { base: { facts: () => [{ id: { kind: 'role', name: 'authenticator' }, payload: { config } }] } } as unknown as Facts;
  expect(secretLines(findSecrets({ sql: '', facts }))).toEqual(['setting of role authenticator: secret in a setting (9f8A…)']);
});

test('what a job runs is in the snapshot too, and so is what a file schedules', async () => {
  const facts = { base: { facts: () => [] } } as unknown as Facts;
  const command = `select net.http_post('https://x.example.com', headers := '{"Authorization":"Bearer a1B2c3D4e5F6g7H8"}')`;
  const job = { name: 'nightly', schedule: '0 3 * * *', command, database: 'postgres', username: 'postgres', active: true };
  expect(secretLines(findSecrets({ sql: '', facts, definitions: { jobs: [job], queues: [], buckets: [] } }))).toEqual([
    'job nightly: bearer token (a1B2…)',
  ]);
  expect(
    secretLines(
      findSecretsInFile(await splitStatements(`select cron.schedule('nightly', '0 3 * * *', $job$${command}$job$);\n${command};`)),
    ),
  ).toEqual(['line 1: bearer token (a1B2…)']);
});

test('a function of megabytes is read in moments', () => {
  const sql = ['a', 'https://', ' eyJ', 'eyJ-', 'host = ', 'Bearer ', 'x-', ' token ', "'"].map((part) => part.repeat(200_000)).join(' ');
  // Of this process: a busy machine makes it wait, not work.
  const started = process.cpuUsage();
  secretTexts(sql, setClauses);
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000);
});

test('what is shown is never the whole, and one place is named once', () => {
  const found = secretTexts(
    `'{"apikey":"${token({ role: 'service_role' })}","Authorization":"Bearer ${token({ role: 'service_role' })}"}'`,
  );
  expect(found).toEqual(Array.from({ length: 2 }, () => ({ kind: 'Supabase service_role key', masked: 'eyJh…' })));
});

describe('no secret is seen in', () => {
  test.each([
    "'https://example.com/hook?id=7'",
    "default 'a81bc81b-dead-4e5d-abff-90865d1e13b1'::uuid",
    '-- sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'comment on table t is \'Send "Authorization: Bearer <token>"\'',
    "comment on table t is 'Bearer authentication-is-required-here'",
    '\'{"Authorization":"Bearer YOUR_SERVICE_ROLE_KEY_123"}\'',
    "jsonb_build_object('Authorization', 'Bearer ' || (select decrypted_secret from vault.decrypted_secrets where name = 'hook_1'))",
    "jsonb_build_object('Content-Type', 'application/json; charset=utf-8')",
    "'postgresql://postgres:postgres@127.0.0.1:54322/postgres'",
    "'postgresql://postgres.abc:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:5432/postgres'",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder as SQL files have them.
    "'https://user:${PASSWORD}@acme.io'",
    "current_setting('request.jwt.claims', true)::json ->> 'sub'",
    "create table api_keys (id uuid, key_hash text, access_token_1 text, password text not null default '')",
    "check (token ~ '^sk_live_[A-Za-z0-9]{16,}$')",
    "raise exception 'password must have 12 characters'",
    `'{"apikey":"${token({ role: 'anon' })}"}'`,
    "'AKIAIOSFODNN7EXAMPLE'",
    'create index idx_task_sk-items_with_a_long_name_and_2_numbers',
    'create policy "authorization, x-api-key" on t using (true)',
    'Basic authentication and Basic understanding1',
  ])('%s', (sql) => expect(secretTexts(sql)).toEqual([]));

  test('a function that compares and assigns tokens', async () => {
    expect(
      findSecretsInFile(
        await splitStatements(
          "create function f(p_token_2 text) returns void language plpgsql as $$ declare v_token_1 text := p_token_2; begin update t set token = p_token_2 where secret = v_token_1 and api_key = 'none'; end $$",
        ),
      ),
    ).toEqual([]);
  });

  test('rows and what a SELECT hands to Vault', async () => {
    expect(
      findSecretsInFile(
        await splitStatements(
          `select vault.create_secret('${joined('sk_', 'live_', drawn)}'); insert into t values ('${joined('sk_', 'live_', drawn)}')`,
        ),
      ),
    ).toEqual([]);
  });
});
