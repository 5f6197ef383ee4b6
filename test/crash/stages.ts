import { chmodSync, cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionSettings, quoteName, withClient } from '../../src/target/connection.ts';
import type { EmbeddedServer } from '../../src/target/embedded/server.ts';
import { createCaseDatabase } from '../postgres/case-database.ts';
import { type Project, withProject } from '../project.ts';
import type { Command } from './draw.ts';
import { runProgram, startProgram } from './program.ts';
import { type Reading, readDatabase } from './reading.ts';
import { withRelay } from './relay.ts';
import { files, writtenBack, writtenForward } from './scene.ts';

/** One command as it went undisturbed, with all that is needed to run it once more from the same state. */
export interface Stage {
  words: string[];
  before: Reading;
  after: Reading;
  /** What the program's session asked of the target, in order. */
  statements: string[];
  /** From the line that says it begins to change the target until the end of the process. */
  changeMs: number;
  /** Puts database and project as they were before the command, and removes the project afterwards. */
  withCopy: <T>(use: (project: Project) => Promise<T>) => Promise<T>;
}

export interface Stages {
  server: EmbeddedServer;
  target: ConnectionSettings;
  of: Record<Command, Stage>;
  remove: () => Promise<void>;
}

/** The catalog check of a snapshot holds its database's name, so each case is in a database of this one. */
const database = 'target';
export const beginsChange = /^(Applying |Rolling back)/m;
export const urlOf = ({ user, password, host, database }: ConnectionSettings, port: number) => `postgresql://${user}:${password}@${host}:${port}/${database}`;

/** Migrates, rolls back and migrates again with the real program, users writing in between, and remembers each step. */
export async function playThrough(server: EmbeddedServer): Promise<Stages> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'supasnap-crash-')));
  chmodSync(folder, 0o755);
  symlinkSync(folder, join(folder, '.supasnap'));
  const target = await createCaseDatabase(server, database, []);
  const url = urlOf(target, server.port);
  const write = (sql: string) => withClient(target, (client) => client.query(sql));
  const remove = async () => {
    await startProgram(['stop', '--workdir', folder], { folder, url }).ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const played = withProject({ ...files.base }, async (project) => {
    symlinkSync(folder, project.path('.supasnap'));
    await runProgram(['migrate', '--yes'], { folder: project.folder, url });
    for (const [name, text] of Object.entries(files.next)) project.write(name, text);
    const play = (command: Command, words: string[]) => playStage({ server, target, folder, project, name: command.replaceAll(' ', '_'), words });
    const migrate = await play('migrate', ['migrate', '--yes']);
    await write(writtenForward);
    const rollback = await play('rollback', ['rollback', '--steps', '1', '--yes']);
    await write(writtenBack);
    return { migrate, rollback, 'migrate again': await play('migrate again', ['migrate', '--yes']) };
  });
  const of = await played.catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return { server, target, of, remove };
}

async function playStage({ server, target, folder, project, name, words }: { server: EmbeddedServer; target: ConnectionSettings; folder: string; project: Project; name: string; words: string[] }): Promise<Stage> {
  const saved = join(folder, name);
  await copyDatabase(server, database, name);
  cpSync(project.folder, saved, { recursive: true, verbatimSymlinks: true });
  const before = await readDatabase(target);
  const statements: string[] = [];
  const listen = async ({ sql, send }: { sql: string; send: () => void }) => {
    statements.push(sql);
    send();
  };
  const changeMs = await withRelay(target, listen, async (port) => {
    const program = startProgram(words, { folder: project.folder, url: urlOf(target, port) });
    await program.said(beginsChange);
    const began = performance.now();
    const { exitCode, output } = await program.ended;
    if (exitCode !== 0) throw new Error(`Undisturbed, supasnap ${words.join(' ')} ended with ${exitCode}:\n${output}`);
    return performance.now() - began;
  });
  return {
    words,
    before,
    after: await readDatabase(target),
    statements,
    changeMs,
    withCopy: async (use) => {
      await copyDatabase(server, name, database);
      return withProject({}, (copy) => {
        cpSync(saved, copy.folder, { recursive: true, verbatimSymlinks: true });
        return use(copy);
      });
    },
  };
}

const copyDatabase = (server: EmbeddedServer, from: string, to: string) =>
  withClient(server.superuser, async (client) => {
    await client.query(`drop database if exists ${quoteName(to)} with (force)`);
    await client.query(`create database ${quoteName(to)} template ${quoteName(from)} owner postgres`);
    // Else recovery sets a copied sequence back: its page is in the log as it was copied, numbers given since are not.
    await client.query('checkpoint');
  });
