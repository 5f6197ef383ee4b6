import { cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { migrate, type MigrateResult } from '../../src/commands/migrate.ts';
import type { MigrateOptions } from '../../src/commands/migrate-options.ts';
import { rollback, type RollbackOptions, type RollbackResult } from '../../src/commands/rollback.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Context } from '../../src/context.ts';
import { Problem } from '../../src/errors.ts';
import { renderProblem } from '../../src/render-problem.ts';
import { embeddedShadow } from '../../src/shadow/embedded.ts';
import type { UseShadow } from '../../src/shadow/shadows.ts';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { memoryFolder } from '../../src/target/embedded/memory-folder.ts';
import { createPlatformDatabase, ensureTemplate } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, startEmbedded, stopEmbedded } from '../../src/target/embedded/server.ts';
import { createBareDatabase } from '../postgres/case-database.ts';
import { type Project, withProject } from '../project.ts';
import { readState, type TargetState } from './target-state.ts';

/** What a command ended with: its exit code, all that it told, and its value when it did not fail. */
export interface Ended<T> {
  exitCode: number;
  told: string;
  value?: T;
}

/** What a command gets from outside; without it the site's own database, no variables, no terminal, and the clock of this machine. */
type Extra = Partial<Pick<Context, 'yes' | 'target' | 'environment' | 'ask' | 'askHidden' | 'secret' | 'now'>>;

/** A project on a database of its own, with the functions behind the commands. */
export interface Site {
  project: Project;
  database: ConnectionSettings;
  server: EmbeddedServer;
  /** `yes` is true unless said otherwise, there is no terminal. */
  migrate: (options?: MigrateOptions & Extra) => Promise<Ended<MigrateResult>>;
  rollback: (options: RollbackOptions & Extra) => Promise<Ended<RollbackResult>>;
  /** Any other function behind a command. */
  run: <T>(command: (context: Context) => Promise<T>, extra?: Extra) => Promise<Ended<T>>;
  sql: <R extends pg.QueryResultRow>(text: string) => Promise<R[]>;
  /** Everything that a failed run must leave as it was. */
  state: () => Promise<TargetState>;
}

export const base = '20260101000000_v0_1_0_base.sql';

/** What a site begins with: notes with two rows, applied as v0.1.0. */
export const baseSql = `create table public.notes (id int primary key, body text not null, due date);
comment on column public.notes.due is 'when it has to be done';
insert into public.notes values (1, 'first', '2026-01-01'), (2, 'second', null);
`;

type Use = <T>(files: Record<string, string>, use: (site: Site) => Promise<T>) => Promise<T>;

/**
 * Sites on a server of that major version, started for the describe block that calls this. The base is applied once; each
 * site is a copy of that. Files are named by their path, or by their name alone when they are migrations. A `bare` site lacks the platform's
 * schemas. With `ownShadow` rehearsals are on a server of their own, as they are for users: what changes roles needs that.
 */
export function sites(
  major: number,
  options: { bare?: boolean; ownShadow?: boolean } = {},
): { withBase: Use; withNothing: Use; server: () => EmbeddedServer } {
  const create = options.bare ? createBareDatabase : createPlatformDatabase;
  let server: EmbeddedServer;
  let shadows: EmbeddedServer;
  let folder: string;
  let finish: () => void = () => {};
  let ready: Promise<void>;

  beforeAll(async () => {
    const memory = memoryFolder(3 * 1024 ** 3);
    const start = (name: string) =>
      startEmbedded({
        major,
        stateFolder: join(tmpdir(), inject('run')),
        name,
        searchFrom: [process.cwd()],
        settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
        dataFolder: memory && join(memory, inject('run'), name),
      });
    server = await start(`commands-${major}-${process.pid}`);
    shadows = options.ownShadow ? await start(`commands-${major}-${process.pid}-shadow`) : server;
    await ensureTemplate(server);
    await create(server, 'base');
    await new Promise<void>((prepared, broken) => {
      ready = withProject({ [`supabase/migrations/${base}`]: baseSql }, async (project) => {
        expectCode(await siteOf(server, project, 'base', shadowOn(shadows, 'base')).migrate(), 0);
        folder = project.folder;
        await new Promise<void>((resolve) => {
          finish = resolve;
          prepared();
        });
      });
      ready.catch(broken);
    });
  });
  afterAll(async () => {
    finish();
    await ready;
    await stopEmbedded(server);
    if (shadows !== server) await stopEmbedded(shadows);
  });

  let count = 0;
  const make = async <T>(
    files: Record<string, string>,
    createFor: (database: string) => Promise<unknown>,
    use: (site: Site) => Promise<T>,
  ): Promise<T> => {
    const database = `site_${++count}`;
    await createFor(database);
    try {
      return await withProject(named(files), async (project) => {
        if (createFor === copy) cpSync(folder, project.folder, { recursive: true });
        return use(siteOf(server, project, database, shadowOn(shadows, database)));
      });
    } finally {
      await asSuperuser(server, `drop database if exists ${quoteName(database)} with (force)`);
      await asSuperuser(shadows, `drop database if exists ${quoteName(`${database}_shadow`)} with (force)`);
    }
  };
  const copy = (database: string) => asSuperuser(server, `create database ${quoteName(database)} template base owner postgres`);
  return {
    withBase: (files, use) => make(files, copy, use),
    withNothing: (files, use) => make(files, (database) => create(server, database), use),
    server: () => server,
  };
}

const named = (files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name.includes('/') ? name : `supabase/migrations/${name}`, text]));

const shadowOn =
  (server: EmbeddedServer, name: string): UseShadow =>
  async (state, use) =>
    use(await embeddedShadow(server, state, `${name}_shadow`));

/** A project on that database. `shadow`: null for the one that a command finds by itself. */
export function siteOf(server: EmbeddedServer, project: Project, name: string, shadow: UseShadow | null = shadowOn(server, name)): Site {
  const database = { ...server.postgres, database: name };
  const run = async <T>(extra: Extra, command: (context: Context) => Promise<T>): Promise<Ended<T>> => {
    const told: string[] = [];
    try {
      const value = await command({ ...contextOf(project.folder, database, told), ...extra });
      return { exitCode: 0, told: told.join('\n'), value };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { exitCode: error.exitCode, told: [...told, renderProblem(error)].join('\n') };
    }
  };
  return {
    project,
    database,
    server,
    migrate: (all = {}) => {
      const { extra, options } = apart(all);
      return run(extra, (context) => migrate(context, { ...(shadow ? { shadow } : {}), ...options }));
    },
    run: (command, extra = {}) => run(extra, command),
    rollback: (all) => {
      const { extra, options } = apart(all);
      return run(extra, (context) => rollback(context, { ...(shadow ? { shadow } : {}), ...options }));
    },
    sql: <R extends pg.QueryResultRow>(text: string) => withClient(database, async (client) => (await client.query<R>(text)).rows),
    state: () => readState(database),
  };
}

const outside = new Set(['yes', 'target', 'environment', 'ask', 'askHidden', 'secret', 'now']);

function apart<T extends Extra>(all: T): { extra: Extra; options: Omit<T, keyof Extra> } {
  const pick = (keep: (key: string) => boolean) => Object.fromEntries(Object.entries(all).filter(([key]) => keep(key)));
  return { extra: pick((key) => outside.has(key)), options: pick((key) => !outside.has(key)) as Omit<T, keyof Extra> };
}

export const urlOf = ({ user, password, host, port, database }: ConnectionSettings): string =>
  `postgresql://${user}:${password}@${host}:${port}/${database}`;

function contextOf(workdir: string, database: ConnectionSettings, told: string[]): Context {
  const tell = (text: string) => void told.push(text);
  return {
    config: readConfig(workdir, workdir),
    target: { remote: urlOf(database) },
    environment: {},
    report: { target: tell, step: tell, note: tell, warn: tell },
    now: () => new Date(),
    yes: true,
    secret: () => {},
  };
}

/** Says all that was told when the exit code is another. */
export function expectCode<T>(ended: Ended<T>, code: number): Ended<T> {
  if (ended.exitCode !== code) throw new Error(`Exit code ${ended.exitCode} instead of ${code}.\n${ended.told}`);
  return ended;
}

/** Runs what must end with that code, and checks that the target and its history are as they were. Gives what was told. */
export async function expectUntouched<T>(site: Site, code: number, run: () => Promise<Ended<T>>): Promise<string> {
  const before = await site.state();
  const { told } = expectCode(await run(), code);
  expect(await site.state()).toEqual(before);
  return told;
}

const asSuperuser = (server: EmbeddedServer, sql: string): Promise<unknown> => withClient(server.superuser, (client) => client.query(sql));
