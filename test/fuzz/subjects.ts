import { type AddressInfo, createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import type pg from 'pg';
import { vi } from 'vitest';
import { findGoal } from '../../src/commands/rollback-goal.ts';
import { newFiles } from '../../src/commands/new.ts';
import { readFiles } from '../../src/commands/status-files.ts';
import { main } from '../../src/cli/main.ts';
import { renderList } from '../../src/cli/rollback.ts';
import { defaultSettings, parseSettings } from '../../src/config/settings.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Context } from '../../src/context.ts';
import { exitCodes, Problem } from '../../src/errors.ts';
import type { History } from '../../src/history/history.ts';
import { chooseMigrations } from '../../src/migration/choose.ts';
import { decodeSql } from '../../src/migration/decode.ts';
import { migrationName, parseMigrationName, snapshotName, suggestName } from '../../src/migration/file-name.ts';
import { destructiveStatements } from '../../src/migration/hazards.ts';
import { parseHeader } from '../../src/migration/header.ts';
import { readMigration } from '../../src/migration/read.ts';
import { historyStatements, splitStatements } from '../../src/migration/statements.ts';
import { planExecution } from '../../src/migration/transaction.ts';
import { parseExpectations } from '../../src/smoke/expectations.ts';
import { parseSmokeTest } from '../../src/smoke/parse-test.ts';
import { readTestName, versionOfTest } from '../../src/smoke/test-name.ts';
import { appliedAt } from '../../src/snapshot/applied.ts';
import { listSnapshots, loadSnapshot, snapshotFiles } from '../../src/snapshot/store.ts';
import { hasStackTrace } from '../crash/program.ts';
import type { Project } from '../project.ts';
import { drawFrom } from '../random.ts';
import * as examples from './examples.ts';

/** One kind of text that people and other programs hand to us. */
export interface Subject {
  name: string;
  /** Valid ones, which are then changed. */
  examples: readonly string[];
  /** Gives the input to all that reads it. A Problem that it throws is an answer; anything else is a fault. */
  read: (input: string, project: Project) => Promise<void>;
}

const now = new Date('2026-03-01T12:00:00Z');
const folder = 'supabase/migrations';

const fileNames: Subject = {
  name: 'migration file names',
  examples: examples.fileNames,
  read: async (input, project) => {
    const parsed = migrationName(input);
    if (parsed) require(`${parsed.version}_${parsed.name}.sql` === parsed.fileName, 'its parts are the name');
    readTestName(input);
    versionOfTest(input);
    const suggested = suggestName(input, now);
    if (suggested !== undefined && !/\s/.test(suggested))
      require(migrationName(suggested) !== undefined, `the suggested ${JSON.stringify(suggested)} is a name`);
    if (!asFile(project, `${folder}/${input}`, 'select 1;\n')) return void parseMigrationName(input, { now });
    const options = {
      workdir: project.folder,
      folder: project.path(folder),
      includeAll: true,
      allowEdited: false,
      requireVersion: false,
      now,
    };
    await readFiles(project.folder, project.path(folder));
    if (parsed)
      requireInside(
        snapshotFiles(project.path('supabase/snapshots'), snapshotName(parsed.label, parsed.version)).sql,
        project.path('supabase/snapshots'),
      );
    await all(
      () => parseMigrationName(input, { now }),
      () => chooseMigrations([], { ...options, files: [] }),
      () => chooseMigrations([], { ...options, files: [input] }),
      () => chooseMigrations([{ version: '20260101000000', name: input, statements: ['select 2'] }], { ...options, files: [] }),
    );
  },
};

const newMigrations: Subject = {
  name: 'words for "new"',
  examples: examples.newWords,
  read: async (input, project) => {
    const [version = '', ...description] = input.split(' ');
    await newFiles(contextOf(project), { version, description: description.join(' ') });
  },
};

const snapshotIds: Subject = {
  name: 'snapshot ids',
  examples: examples.snapshotIds,
  read: async (input) => {
    await all(
      () => findGoal({ to: input }, examples.history, examples.snapshots),
      () => findGoal({ to: input }, { applied: [], runs: [], ours: true }, []),
      () => findGoal({ steps: Number(input) }, examples.history, examples.snapshots),
    );
  },
};

const settings: Subject = {
  name: 'supasnap.toml',
  examples: examples.settings,
  read: async (input, project) => {
    project.write('supabase/supasnap.toml', input);
    const parsed = parseSettings(input, 'supabase/supasnap.toml');
    for (const [key, value] of Object.entries(parsed)) {
      const standard = defaultSettings[key as keyof typeof defaultSettings];
      require(key === 'environment' || typeof value === typeof standard, `${key} has its type`);
      require(typeof value !== 'number' || Number.isSafeInteger(value), `${key} is a number that can be counted with`);
    }
    readConfig(project.folder, project.folder);
  },
};

const manifests: Subject = {
  name: 'snapshot manifests',
  examples: examples.manifests,
  read: async (input, project) => {
    const snapshots = project.path('supabase/snapshots');
    project.write('supabase/snapshots/v0.1.0_20260101000000.sql', examples.snapshotSql);
    project.write('supabase/snapshots/v0.1.0_20260101000000.json', input);
    const found = await listSnapshots(noDatabase, snapshots, false);
    renderList(found, now);
    for (const snapshot of found) {
      for (const file of Object.values(snapshotFiles(snapshots, snapshot.id))) requireInside(file, snapshots);
      await all(
        () => findGoal({ to: snapshot.id }, examples.history, found),
        () => findGoal({ to: 'v0.1.0' }, emptyHistory, found),
        () => loadSnapshot(noDatabase, snapshots, snapshot),
        () => appliedAt(snapshot.manifest, found, []).map(({ version, name }) => `${version}_${name ?? ''}`.length),
      );
    }
  },
};

const expectations: Subject = {
  name: 'expectations of smoke tests',
  examples: examples.expectations,
  read: async (input) => {
    const { schemas, counts, objects } = parseExpectations('v0.1.0_expect.toml', input);
    require(schemas.every((name) => typeof name === 'string'), 'schemas are names');
    require(Object.values(counts).every((value) => Number.isSafeInteger(value)), 'counts are numbers');
    require(Object.values(objects).every((names) => Array.isArray(names)), 'objects are lists');
  },
};

const headers: Subject = {
  name: 'SQL files and their headers',
  examples: examples.sqlFiles,
  read: async (input, project) => {
    const path = '20260101000000_v0_1_0_base.sql';
    project.write(`${folder}/${path}`, input);
    await all(
      () => readMigration(project.path(`${folder}/${path}`), path),
      () => parseHeader(input),
      () => historyStatements(input),
      () => parseSmokeTest('v0.1.0_smoke_test.sql', input),
      async () => {
        const statements = await splitStatements(input, path);
        for (const { first, start, end } of statements)
          require(start <= first && first <= end && end <= input.length, 'a statement lies in its file');
        destructiveStatements(statements);
        planExecution(statements, { header: parseHeader(input), file: path, text: input });
      },
      () => decodeSql(asBytes(input), path),
    );
  },
};

/** The program as it is called, with a server that does not answer. */
const commandLines: Subject = {
  name: 'command lines',
  examples: examples.commandLines,
  read: async (input, project) => {
    const words = input.split(' ').filter((word) => !/^--(embedded|remote|db-url|shadow|workdir)/.test(word));
    const { code, output } = await called(() => main('supasnap', [...words, '--workdir', project.folder]));
    require([0, 1, 2, 3].includes(code), `the exit code ${code} is one of 0 to 3`);
    require(code !== 1 || /^Error: |"error":/m.test(output), `it says why it failed: ${output}`);
    require(!/It is not known whether anything was changed/.test(output), `it knows what happened: ${output}`);
    require(!hasStackTrace(output), `there is no stack trace in: ${output}`);
    if (code !== 0) throw new Problem(exitCodes.failed, 'internal', output.trim().split('\n').join(' '));
  },
};

/** A server that refuses every login: a refusal is not tried again, and so no input has to wait. Gives its port. */
const refusingServer = (): Promise<number> =>
  (refusing ??= new Promise((resolve) => {
    const fields = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0');
    const head = Buffer.alloc(5, 'E');
    head.writeInt32BE(fields.length + 4, 1);
    const server = createServer(
      (socket) => void socket.on('error', () => {}).once('data', () => socket.end(Buffer.concat([head, fields]))),
    );
    server.unref().listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  }));
let refusing: Promise<number> | undefined;

/** Runs it with this process's output caught. */
async function called(run: () => Promise<number>): Promise<{ code: number; output: string }> {
  let output = '';
  const listen = (text: unknown) => {
    output += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(listen),
    vi.spyOn(process.stderr, 'write').mockImplementation(listen),
  ];
  vi.stubEnv('SUPABASE_DB_URL', `postgresql://postgres:secret@127.0.0.1:${await refusingServer()}/nowhere`);
  try {
    const code = await run();
    return { code, output };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

export const subjects: readonly Subject[] = [
  fileNames,
  newMigrations,
  snapshotIds,
  settings,
  manifests,
  expectations,
  headers,
  commandLines,
];

/** Runs all. A fault of any is thrown; else what the first one threw, whose answer counts. */
async function all(...readers: (() => unknown)[]): Promise<void> {
  const results = await Promise.allSettled(readers.map(async (read) => read()));
  const thrown = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const fault = thrown.find((error) => !(error instanceof Problem));
  if (fault !== undefined) throw fault;
  if (results[0]?.status === 'rejected') throw results[0].reason;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}.`);
}

const requireInside = (path: string, root: string) =>
  require(path.startsWith(`${root}/`) && !path.includes('/../'), `${JSON.stringify(path)} lies in ${root}`);

/** False where no file can have that name. */
function asFile(project: Project, path: string, text: string): boolean {
  const name = path.slice(folder.length + 1);
  if (/[/\0]/.test(name) || ['', '.', '..'].includes(name) || Buffer.byteLength(name) > 255 || name !== Buffer.from(name).toString())
    return false;
  writeFileSync(project.path(path), text);
  return true;
}

/** As UTF-8, now and then with bytes that are none. */
function asBytes(input: string): Buffer {
  const draw = drawFrom(input.length);
  const bytes = Buffer.from(input, draw.one(['utf8', 'utf8', 'latin1', 'utf16le']));
  for (let times = draw.below(3); times > 0 && bytes.length > 0; times--) bytes[draw.below(bytes.length)] = draw.below(256);
  return bytes;
}

const emptyHistory: History = { applied: [], runs: [], ours: false };
const noDatabase = undefined as unknown as pg.Client;
const quiet = () => {};

const contextOf = (project: Project): Context => ({
  config: readConfig(project.folder, project.folder),
  target: {},
  environment: {},
  report: { target: quiet, step: quiet, note: quiet, warn: quiet },
  now: () => now,
  yes: true,
  secret: quiet,
});
