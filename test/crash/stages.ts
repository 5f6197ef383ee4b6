import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import { createCaseDatabase } from '../postgres/case-database.ts';
import { type Project, withProject } from '../project.ts';
import { type Disk, mountDisk } from './disk.ts';
import type { Command, How } from './draw.ts';
import { runProgram, startProgram } from './program.ts';
import { type Reading, readDatabase } from './reading.ts';
import { withRelay } from './relay.ts';
import { files, writtenBack, writtenByHand, writtenForward } from './scene.ts';

/** One command as it went undisturbed, with all that is needed to run it once more from the same state. */
export interface Stage {
  words: string[];
  before: Reading;
  after: Reading;
  /** What the opposite command leads to, without our own record; the state before, unless said. */
  undone?: Reading;
  /** What the program's session asked of the target, in order. */
  statements: string[];
  /** From the start until the end of the process, and from the line that says it begins to change the target. */
  wholeMs: number;
  changeMs: number;
  /** Puts database and project as they were before the command, on a disk of their own where `how` is to fill it, and removes the project afterwards. */
  withCopy: <T>(how: How, use: (project: Project, disk: Disk | undefined) => Promise<T>) => Promise<T>;
}

export interface Stages {
  server: EmbeddedServer;
  restart: () => Promise<void>;
  target: ConnectionSettings;
  of: Record<Exclude<Command, 'resume'>, Stage> & { resume?: Stage };
  remove: () => Promise<void>;
}

/** The catalog check of a snapshot holds its database's name, so each case is in a database of this one. */
const database = 'target';
/** On the small disk of the server. */
const tablespace = 'small';
export const beginsChange = /^(Applying |Rolling back)/m;
export const urlOf = ({ user, password, host, database }: ConnectionSettings, port: number) =>
  `postgresql://${user}:${password}@${host}:${port}/${database}`;

/** Migrates, rolls back, migrates again, migrates in steps and tests with the real program, users writing in between, and remembers each step; where that is asked for, it resumes too. */
export async function playThrough(server: EmbeddedServer, resumes: boolean, restart: () => Promise<void>): Promise<Stages> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'supasnap-crash-')));
  chmodSync(folder, 0o755);
  symlinkSync(folder, join(folder, '.supasnap'));
  const target = await createCaseDatabase(server, database, []);
  const url = urlOf(target, server.port);
  const write = (sql: string) => withClient(target, (client) => client.query(sql));
  const space = serverSpace(server, join(folder, 'space'));
  const remove = async () => {
    await startProgram(['stop', '--workdir', folder], { folder, url }).ended;
    await space.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  const played = withProject({ ...files.base }, async (project) => {
    symlinkSync(folder, project.path('.supasnap'));
    const put = (added: Record<string, string>) => {
      for (const [name, text] of Object.entries(added)) project.write(name, text);
    };
    const play = (command: Command, words: string[], on = project) =>
      playStage({ server, target, space, folder, project: on, name: command.replaceAll(' ', '_'), words });
    await runProgram(['migrate', '--yes'], { folder: project.folder, url });
    put(files.next);
    await write(writtenByHand);
    const migrate = await play('migrate', ['migrate', '--yes']);
    await write(writtenForward);
    const rollback = await play('rollback', ['rollback', '--steps', '1', '--yes']);
    await write(writtenBack);
    const again = await play('migrate again', ['migrate', '--yes']);
    put(files.steps);
    const steps = await play('migrate in steps', ['migrate', '--yes']);
    const played = { migrate, rollback, 'migrate again': again, 'migrate in steps': steps, test: await play('test', ['test']) };
    if (!resumes) return played;
    return steps.withCopy('program', async (copy) => {
      await stopHalfWay(target, copy, steps.words);
      return { ...played, resume: { ...(await play('resume', ['migrate', '--resume', '--yes'], copy)), undone: steps.before } };
    });
  });
  const of = await played.catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return { server, restart, target, of, remove };
}

/** Killed before its second index is made: four steps are done, the fifth is noted as begun. */
const stopHalfWay = (target: ConnectionSettings, { folder }: Project, words: string[]): Promise<void> => {
  let program: ReturnType<typeof startProgram>;
  const onRequest = async ({ sql, send }: { sql: string; send: () => void }) => {
    if (/^create index concurrently shelves_author/.test(sql)) await program.kill();
    else send();
  };
  return withRelay(target, onRequest, async ({ port }) => {
    program = startProgram(words, { folder, url: urlOf(target, port) });
    const { exitCode, output } = await program.ended;
    if (exitCode !== undefined) throw new Error(`It was to be killed between its steps, and ended with ${exitCode}:\n${output}`);
  });
};

interface Space {
  /** Mounted and made a tablespace when it is first asked for. */
  disk: () => Promise<Disk>;
  remove: () => Promise<void>;
}

function serverSpace(server: EmbeddedServer, folder: string): Space {
  let mounted: Disk | undefined;
  return {
    disk: async () => {
      if (mounted) return mounted;
      mounted = mountDisk(folder, 96);
      const [location, { uid, gid }] = [join(folder, 'data'), statSync(server.dataFolder)];
      mkdirSync(location);
      chownSync(location, uid, gid);
      await withClient(server.superuser, (client) => client.query(`create tablespace ${tablespace} location '${location}'`));
      return mounted;
    },
    remove: async () => {
      if (!mounted) return;
      await withClient(server.superuser, async (client) => {
        await client.query(`drop database if exists ${quoteName(database)} with (force)`);
        await client.query(`drop tablespace ${tablespace}`);
      });
      mounted.unmount();
    },
  };
}

interface Playing {
  server: EmbeddedServer;
  target: ConnectionSettings;
  space: Space;
  folder: string;
  project: Project;
  name: string;
  words: string[];
}

async function playStage({ server, target, space, folder, project, name, words }: Playing): Promise<Stage> {
  const saved = join(folder, name);
  await copyDatabase(server, database, name);
  cpSync(project.folder, saved, { recursive: true, verbatimSymlinks: true });
  const before = await readDatabase(target);
  const statements: string[] = [];
  const listen = async ({ sql, send }: { sql: string; send: () => void }) => {
    statements.push(sql);
    send();
  };
  const times = await withRelay(target, listen, async ({ port }) => {
    const started = performance.now();
    const program = startProgram(words, { folder: project.folder, url: urlOf(target, port) });
    await program.said(beginsChange);
    const began = performance.now();
    const { exitCode, output } = await program.ended;
    if (exitCode !== 0) throw new Error(`Undisturbed, supasnap ${words.join(' ')} ended with ${exitCode}:\n${output}`);
    return { wholeMs: performance.now() - started, changeMs: performance.now() - began };
  });
  return {
    words,
    before,
    after: await readDatabase(target),
    statements,
    ...times,
    withCopy: async (how, use) => {
      const onServer = how === 'server disk' ? await space.disk() : undefined;
      await copyDatabase(server, name, database, onServer && tablespace);
      return withProject({}, async (copy) => {
        const onProject = how === 'disk' ? mountDisk(copy.path('supabase'), 8) : undefined;
        try {
          cpSync(saved, copy.folder, { recursive: true, verbatimSymlinks: true });
          return await use(copy, onServer ?? onProject);
        } finally {
          onProject?.unmount();
        }
      });
    },
  };
}

const copyDatabase = (server: EmbeddedServer, from: string, to: string, on?: string) =>
  withClient(server.superuser, async (client) => {
    await client.query(`drop database if exists ${quoteName(to)} with (force)`);
    await client.query(`create database ${quoteName(to)} template ${quoteName(from)} owner postgres ${on ? `tablespace ${on}` : ''}`);
    // Else recovery sets a copied sequence back: its page is in the log as it was copied, numbers given since are not.
    await client.query('checkpoint');
  });
