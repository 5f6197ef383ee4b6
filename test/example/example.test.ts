import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { parseExpectations } from '../../src/smoke/expectations.ts';
import { parseSmokeTest } from '../../src/smoke/parse-test.ts';
import type { SmokeResult } from '../../src/smoke/result.ts';
import { runSmokeTestInTransaction } from '../../src/smoke/run-test.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';
import { majors, withDatabase } from '../postgres/database.ts';

const migrations = readdirSync('supabase/migrations').sort();
const [baseline, seed, collaboration] = migrations as [string, string, string];

describe.each(majors)('the example project on PostgreSQL %i', (major) => {
  test('each version passes its own smoke test, with exact counts', () =>
    withExample(major, [baseline], async (client) => {
      expect(failures(await smoke(client, 'v0.7.0'))).toEqual([]);
      await apply(client, [seed]);
      const first = await smoke(client, 'v0.7.0');
      expect(failures(first)).toEqual([]);
      expect(first.checks.filter(({ directive }) => directive)).toEqual([]);
      expect(first.counts).toMatchObject({ tables: { found: 30 }, views: { found: 3 }, policies: { found: 16 }, functions: { found: 4 } });
      await apply(client, [collaboration]);
      expect(failures(await smoke(client, 'v0.8.0'))).toEqual([]);
      expect(failures(await smoke(client, 'v0.7.0', { counted: false }))).toEqual([]);
    }));

  test('the reference data can be put in again', () =>
    withExample(major, [baseline, seed, seed], async (client) => {
      const { rows } = await client.query('SELECT key FROM plans ORDER BY position');
      expect(rows.map(({ key }) => key)).toEqual(['free', 'plus', 'team', 'early']);
    }));

  test('someone who leaves is gone, and what they wrote in the minds of others stays', () =>
    withExample(major, migrations, async (client) => {
      await client.query(`INSERT INTO auth.users (id, email) VALUES (md5('a')::uuid, 'a@example.com'), (md5('b')::uuid, 'b@example.com');
        INSERT INTO minds (owner_id, slug, title) VALUES (md5('a')::uuid, 'garden', 'Garden'), (md5('b')::uuid, 'kitchen', 'Kitchen');`);
      await client.query(`INSERT INTO fragments (mind_id, author_id, body) SELECT id, md5('a')::uuid, slug FROM minds`);
      await client.query(`DELETE FROM auth.users WHERE email = 'a@example.com'`);
      const { rows } = await client.query('SELECT body, author_id, fragment_count FROM fragments JOIN minds ON minds.id = mind_id');
      expect(rows).toEqual([{ body: 'kitchen', author_id: null, fragment_count: 1 }]);
    }));
});

describe('a smoke test of the example project notices', () => {
  test.each([
    ['v0.7.0', 'a sign-up trigger that is gone', 'DROP TRIGGER on_auth_user_created ON auth.users', 'profile'],
    ['v0.7.0', 'a fragment trigger that is gone', 'DROP TRIGGER record_change ON fragments', 'counted as they are added'],
    [
      'v0.7.0',
      'a policy that lets everyone read',
      'CREATE POLICY oops ON fragments FOR SELECT TO authenticated USING (true)',
      'another person',
    ],
    ['v0.7.0', 'a policy that lets everyone write', 'CREATE POLICY oops ON minds TO authenticated USING (true)', 'another person'],
    ['v0.7.0', 'a policy that is gone', 'DROP POLICY "anyone reads what is live" ON publications', 'the public reads live'],
    ['v0.7.0', 'a grant too many', 'GRANT ALL ON ALL TABLES IN SCHEMA public TO anon, authenticated', 'closed to people'],
    ['v0.7.0', 'row level security switched off', 'ALTER TABLE profiles DISABLE ROW LEVEL SECURITY', 'for every table'],
    ['v0.7.0', 'a constraint that is gone', 'ALTER TABLE fragments DROP CONSTRAINT quotes_name_their_source', 'a quote without a source'],
    ['v0.7.0', 'a view that ignores the reader', 'ALTER VIEW published_library SET (security_invoker = false)', 'the public library'],
    ['v0.7.0', 'reference data that is gone', `DELETE FROM tag_categories WHERE key = 'mood'`, 'the reference data'],
    [
      'v0.8.0',
      'a viewer who may write',
      'CREATE POLICY oops ON fragments FOR INSERT TO authenticated WITH CHECK (true)',
      'a viewer adds no fragment',
    ],
    ['v0.8.0', 'a member who may not read', 'DROP POLICY "members read" ON fragment_revisions', 'a viewer reads'],
    [
      'v0.8.0',
      'members that strangers can see',
      'CREATE POLICY oops ON mind_members FOR SELECT TO authenticated USING (true)',
      'a stranger',
    ],
    [
      'v0.8.0',
      'an editor who may rename a mind',
      'CREATE POLICY oops ON minds FOR UPDATE TO authenticated USING (true)',
      'neither renames',
    ],
    [
      'v0.8.0',
      'a function that anyone may call',
      'GRANT USAGE ON SCHEMA private TO anon; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA private TO anon',
      'the public reads neither',
    ],
    ['v0.8.0', 'activity that is not written', 'ALTER TABLE fragments DISABLE TRIGGER record_change', 'activity'],
    [
      'v0.8.0',
      'a locked fragment that can be taken',
      'CREATE POLICY oops ON fragment_locks FOR DELETE TO authenticated USING (true); ALTER FUNCTION claim_fragment SECURITY DEFINER',
      'a viewer takes no lock',
    ],
  ])('%s: %s', async (version, _what, damage, finding) => {
    const files = version === 'v0.7.0' ? [baseline, seed] : migrations;
    await withExample(17, files, async (client, superuser) => {
      await withClient(superuser, (owner) => owner.query(damage));
      const result = await smoke(client, version, { counted: false });
      expect(result.ok).toBe(false);
      expect(failures(result).join('\n')).toContain(finding);
    });
  });
});

/** A platform database with these files of the example applied, and a client in role postgres. */
const withExample = (major: number, files: string[], use: (client: pg.Client, superuser: ConnectionSettings) => Promise<void>) =>
  withDatabase(major, ({ settings, superuser }) =>
    withClient(settings, async (client) => {
      await apply(client, files);
      await use(client, superuser);
    }),
  );

const apply = async (client: pg.Client, files: string[]) => {
  for (const file of files) await client.query(readFileSync(`supabase/migrations/${file}`, 'utf8'));
};

const smoke = async (client: pg.Client, version: string, { counted = true } = {}): Promise<SmokeResult> => {
  const [file, expected] = [`supabase/tests/${version}_smoke_test.sql`, `supabase/tests/${version}_expect.toml`];
  const parsed = await parseSmokeTest(file, readFileSync(file, 'utf8'));
  await client.query('BEGIN');
  const result = await runSmokeTestInTransaction(
    client,
    parsed,
    counted ? parseExpectations(expected, readFileSync(expected, 'utf8')) : undefined,
  );
  await client.query('ROLLBACK');
  return result;
};

const failures = ({ checks }: SmokeResult) =>
  checks.filter(({ ok }) => !ok).map(({ name, detail }) => (detail ? `${name}: ${detail}` : name));
