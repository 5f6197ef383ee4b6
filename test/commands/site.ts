import { cpSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { migrate, type MigrateResult } from '../../src/commands/migrate.ts';
import type { MigrateOptions } from '../../src/commands/migrate-options.ts';
import { rollback, type RollbackOptions, type RollbackResult } from '../../src/commands/rollback.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Context } from '../../src/context.ts';
import type { ErrorCode } from '../../src/error-codes.ts';
import { type ExitCode, Problem } from '../../src/errors.ts';
import { renderProblem } from '../../src/render-problem.ts';
import { embeddedShadow } from '../../src/shadow/embedded.ts';
import type { UseShadow } from '../../src/shadow/shadows.ts';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import { createPlatformDatabase, ensureTemplate } from '../../src/target/embedded/platform.ts';
import { type EmbeddedServer, stopEmbedded } from '../../src/target/embedded/server.ts';
import { createBareDatabase } from '../postgres/case-database.ts';
import { startServer } from '../postgres/setup.ts';
import { openProject, type Project, withProject } from '../project.ts';
import { readState, type TargetState } from './target-state.ts';

/** What a command ended with: its exit code and the error's own, all that it told, and its value when it did not fail. */
export interface Ended<T> {
  exitCode: number;
  /** Which error it was, when it failed. */
  code?: ErrorCode;
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
  let opened: ReturnType<typeof openProject>;

  beforeAll(async () => {
    const start = (name: string) => startServer(inject('run'), name, major);
    server = await start(`commands-${major}-${process.pid}`);
    shadows = options.ownShadow ? await start(`commands-${major}-${process.pid}-shadow`) : server;
    await ensureTemplate(server);
    await create(server, 'base');
    opened = openProject({ [`supabase/migrations/${base}`]: baseSql });
    expectCode(await siteOf(server, opened.project, 'base', shadowOn(shadows, 'base')).migrate(), 0);
  });
  afterAll(async () => {
    opened.remove();
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
        if (createFor === copy) cpSync(opened.project.folder, project.folder, { recursive: true });
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
      return { exitCode: error.exitCode, code: error.code, told: [...told, renderProblem(error)].join('\n') };
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

/** Says all that was told when it ended otherwise: with another exit code, or with another error than `code`. */
export function expectCode<T>(ended: Ended<T>, exitCode: 0): Ended<T>;
export function expectCode<T>(ended: Ended<T>, exitCode: FailureCode, code: ErrorCode): Ended<T>;
export function expectCode<T>(ended: Ended<T>, exitCode: number, code?: ErrorCode): Ended<T> {
  if (ended.exitCode !== exitCode || ended.code !== code)
    throw new Error(`Exit code ${ended.exitCode} ${ended.code} instead of ${exitCode} ${code}.\n${ended.told}`);
  return ended;
}

type FailureCode = Exclude<ExitCode, 0>;

/** Runs what must end like that, and checks that the target and its history are as they were. Gives what was told. */
export async function expectUntouched<T>(site: Site, exitCode: 0, run: () => Promise<Ended<T>>): Promise<string>;
export async function expectUntouched<T>(site: Site, exitCode: FailureCode, code: ErrorCode, run: () => Promise<Ended<T>>): Promise<string>;
export async function expectUntouched<T>(
  site: Site,
  exitCode: ExitCode,
  ...rest: [() => Promise<Ended<T>>] | [ErrorCode, () => Promise<Ended<T>>]
): Promise<string> {
  const [run, code] = rest.length === 1 ? rest : [rest[1], rest[0]];
  const before = await site.state();
  const ended = await run();
  const { told } = exitCode === 0 ? expectCode(ended, exitCode) : expectCode(ended, exitCode, code!);
  expect(await site.state()).toEqual(before);
  return told;
}

const asSuperuser = (server: EmbeddedServer, sql: string): Promise<unknown> => withClient(server.superuser, (client) => client.query(sql));
