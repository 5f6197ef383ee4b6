import { describe, expect, test } from 'vitest';
import { findNative } from '../../src/snapshot/pg-dump/native.ts';
import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { withClient } from '../../src/target/connection.ts';
import { majors, ownServers, withDatabase, withEmptyDatabase } from '../postgres/database.ts';
import { makeEveryKind } from './every-kind.ts';

ownServers();

describe.each(majors)('PostgreSQL %i', (major) => {
  const bundled = { choice: 'bundled', serverVersion: major * 10_000 } as const;

  test('the bundled pg_dump equals the native one byte for byte, on objects of every kind', async ({ skip }) => {
    if (!(await findNative()).some((program) => program.major >= major)) {
      skip(`no installed pg_dump is new enough for PostgreSQL ${major}`);
    }
    await withEmptyDatabase(major, async ({ superuser }) => {
      await makeEveryKind(superuser);
      const native = await dumpSchema(superuser, { ...bundled, choice: 'native' });
      const ours = await dumpSchema(superuser, bundled);
      expect(native.tool).toMatch(/^pg_dump \d+\.\d+ \(native\)$/);
      expect(ours.tool).toBe('pg_dump 18.3 (bundled)');
      expect(ours.sql).toBe(native.sql);
    });
  });

  test('two dumps of one state are equal, and hold neither key nor version of the program', async () => {
    await withEmptyDatabase(major, async ({ superuser }) => {
      await makeEveryKind(superuser);
      const first = await dumpSchema(superuser, bundled);
      const second = await dumpSchema(superuser, bundled);
      expect(second.sql).toBe(first.sql);
      expect(first.sql).toContain(`-- Dumped from database version ${major}.`);
      expect(first.sql).not.toMatch(/restrict [A-Za-z0-9]{20}|Dumped by|transaction_timeout/);
      expect(first.sql).toContain('PostgreSQL database dump complete\n--\n');
    });
  });

  test('a dump restores to a database whose dump is the same', async () => {
    await withEmptyDatabase(major, async (from) => {
      await withEmptyDatabase(major, async (to) => {
        await makeEveryKind(from.superuser);
        const { sql } = await dumpSchema(from.superuser, bundled);
        await withClient(to.superuser, (client) => client.query(sql));
        expect((await dumpSchema(to.superuser, bundled)).sql).toBe(sql);
      });
    });
  });

  test('a fresh platform database is dumped with a password, as a role that is no superuser', async () => {
    await withDatabase(major, async ({ settings }) => {
      expect(settings.password).toBeTruthy();
      const { sql } = await dumpSchema(settings, bundled);
      expect(sql).toContain('CREATE TABLE auth.users (');
    });
  });

  test('with a snapshot id, the dump sees what the transaction that exported it sees', async () => {
    await withEmptyDatabase(major, async ({ settings, superuser }) => {
      await withClient(superuser, (client) => client.query('CREATE TABLE before (id int)'));
      await withClient(settings, async (client) => {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
        await withClient(superuser, (other) => other.query('CREATE TABLE later (id int)'));
        const { sql } = await dumpSchema(superuser, { ...bundled, snapshotId: rows[0]?.id });
        expect(sql).toContain('CREATE TABLE public.before');
        expect(sql).not.toContain('public.later');
      });
      expect((await dumpSchema(superuser, bundled)).sql).toContain('CREATE TABLE public.later');
    });
  });

  test('schemas are left out by their exact names, even when a name looks like a pattern', async () => {
    await withEmptyDatabase(major, async ({ superuser }) => {
      await withClient(superuser, (client) =>
        client.query(
          'CREATE SCHEMA "Ex.*""x"; CREATE TABLE "Ex.*""x".t (); CREATE SCHEMA ex; CREATE TABLE ex.t (); CREATE SCHEMA kept; CREATE TABLE kept.t ()',
        ),
      );
      const { sql } = await dumpSchema(superuser, { ...bundled, excludeSchemas: ['Ex.*"x', 'k*'] });
      expect(sql.match(/CREATE TABLE .*\.t /g)).toEqual(['CREATE TABLE ex.t ', 'CREATE TABLE kept.t ']);
    });
  });

  test('a function of 5 MB comes through whole', async () => {
    await withEmptyDatabase(major, async ({ superuser }) => {
      const body = `SELECT 1; -- ${'é'.repeat(2_500_000)}`;
      await withClient(superuser, (client) => client.query(`CREATE FUNCTION big() RETURNS int LANGUAGE sql AS $$${body}$$`));
      expect((await dumpSchema(superuser, bundled)).sql).toContain(body);
    });
  });

  test('what the driver cannot do is a Problem: a wrong password, a port where nothing answers', async () => {
    await withEmptyDatabase(major, async ({ settings }) => {
      const wrong = dumpSchema({ ...settings, password: 'wrong-secret' }, bundled);
      await expect(wrong).rejects.toMatchObject({ code: 'dump_failed', exitCode: 1 });
      await expect(wrong).rejects.not.toThrow(/wrong-secret/);
      await expect(dumpSchema({ ...settings, port: 1 }, bundled)).rejects.toMatchObject({ code: 'dump_failed' });
    });
  });
});

test('cancelling ends the dump at once', async () => {
  await withEmptyDatabase(17, async ({ superuser }) => {
    await withClient(superuser, async (client) => {
      await client.query('CREATE TABLE held (id int)');
      await client.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE');
      const signal = AbortSignal.timeout(1_000);
      const dump = dumpSchema(superuser, { choice: 'bundled', serverVersion: 170_000, signal });
      await expect(dump).rejects.toMatchObject({ name: 'TimeoutError' });
    });
  });
});

test('a connection that is lost half-way is a Problem with the reason of the server', async () => {
  await withEmptyDatabase(17, async ({ superuser }) => {
    await withClient(superuser, async (client) => {
      await client.query('CREATE TABLE held (id int)');
      await client.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE');
      const waiting = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'supasnap pg_dump' AND wait_event_type = 'Lock'`;
      const terminate = withClient(superuser, async (other) => {
        while ((await other.query(waiting)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      });
      await expect(dumpSchema(superuser, { choice: 'bundled', serverVersion: 170_000 })).rejects.toMatchObject({
        code: 'dump_failed',
        message: expect.stringContaining('terminating connection due to administrator command'),
      });
      await terminate;
    });
  });
});

test('dumps share warm threads: several at once, and after one that failed', async () => {
  await withEmptyDatabase(17, async ({ settings }) => {
    const dump = () => dumpSchema(settings, { choice: 'bundled', serverVersion: 170_000 });
    const atOnce = await Promise.all([dump(), dump(), dump()]);
    await expect(dumpSchema({ ...settings, database: 'not there' }, { choice: 'bundled', serverVersion: 170_000 })).rejects.toThrow(
      'does not exist',
    );
    await expect(dumpSchema(settings, { choice: 'bundled', serverVersion: 170_000, snapshotId: 'no such' })).rejects.toThrow();
    expect(new Set([...atOnce, await dump(), await dump()].map(({ sql }) => sql)).size).toBe(1);
  });
});
