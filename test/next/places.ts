import { mkdirSync, rmSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ErrorCode } from '../../src/error-codes.ts';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { type EmbeddedServer, stopEmbedded } from '../../src/target/embedded/server.ts';
import { urlOf } from '../commands/site.ts';
import { createBareDatabase } from '../postgres/case-database.ts';
import { startServer } from '../postgres/setup.ts';
import { errorOf, openProject, type Project, runCli } from '../project.ts';

/** What a command prints as JSON, as far as tests look at it: a list of copies, or a result. */
type Printed = { id: string }[] & { applied: unknown[] };

/** A project on a fresh database, and its commands as users type them. */
export interface Place {
  project: Project;
  database: ConnectionSettings;
  superuser: ConnectionSettings;
  url: string;
  sql: <R extends pg.QueryResultRow>(text: string) => Promise<R[]>;
  /** With --yes and the database as DATABASE_URL. What `env` sets goes before it. */
  run: (words: string[], env?: Record<string, string | undefined>) => ReturnType<typeof runCli>;
  /** Runs what must succeed, and gives what it prints as JSON. */
  ok: (words: string[], env?: Record<string, string | undefined>) => Promise<Printed>;
  /** Runs what must fail with the test's code, and gives its Next line. */
  next: (words: string[], env?: Record<string, string | undefined>) => Promise<string>;
}

export const first = 'supabase/migrations/20260101000000_v0_1_0_notes.sql';
export const second = 'supabase/migrations/20260102000000_v0_2_0_more.sql';
export const notes = "create table public.notes (id int primary key, body text);\ninsert into public.notes values (1, 'one'), (2, null);\n";

/** Tests of one server, in one folder whose shadow server stays. `helps` is a test that does what the Next line of an error says. */
export function places(
  major: number,
): (code: ErrorCode, what: string, files: Record<string, string>, use: (place: Place) => Promise<void>) => void {
  let server: EmbeddedServer;
  let project: Project;
  let remove: () => void;
  beforeAll(async () => {
    server = await startServer(inject('run'), `next-${major}-${process.pid}`, major);
    ({ project, remove } = openProject({}));
  });
  afterAll(async () => {
    await runCli('supasnap', ['stop', '--yes'], { cwd: project.folder });
    remove();
    await stopEmbedded(server);
  });

  let count = 0;
  const placeOf = (code: ErrorCode, name: string): Place => {
    const database = { ...server.postgres, database: name };
    const url = urlOf(database);
    const run: Place['run'] = (words, env = {}) =>
      runCli('supasnap', [...words, '--yes', '--output-format', 'json'], { cwd: project.folder, env: { DATABASE_URL: url, ...env } });
    const ok: Place['ok'] = async (words, env) => {
      const ended = await run(words, env);
      expect(ended.exitCode, `${words.join(' ')}\n${ended.stdout}${ended.stderr}`).toBe(0);
      return JSON.parse(ended.stdout);
    };
    return {
      project,
      database,
      superuser: { ...server.superuser, database: name },
      url,
      sql: <R extends pg.QueryResultRow>(text: string) => withClient(database, async (client) => (await client.query<R>(text)).rows),
      run,
      ok,
      next: async (words, env) => {
        const ended = await run(words, env);
        expect(ended.exitCode, `${words.join(' ')}\n${ended.stdout}${ended.stderr}`).not.toBe(0);
        const error = errorOf(ended);
        expect(error).toMatchObject({ code, next: expect.any(String) });
        return error.next!;
      },
    };
  };

  return (code, what, files, use) => {
    test(`${code}: ${what}`, async () => {
      rmSync(project.path('supabase'), { recursive: true, force: true });
      mkdirSync(project.path('supabase/migrations'), { recursive: true });
      for (const [name, text] of Object.entries(files)) project.write(name, text);
      const name = `next_${++count}`;
      await createBareDatabase(server, name);
      try {
        await use(placeOf(code, name));
      } finally {
        await withClient(server.superuser, (client) => client.query(`drop database if exists ${quoteName(name)} with (force)`));
      }
    });
  };
}
