import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { OutcomeUnknown } from '../errors.ts';
import { namedFileError, syncFolder } from '../atomic-file.ts';
import type { ConnectionSettings } from '../target/connection.ts';

/** How far a run is; in this order. */
export const phases = ['planned', 'snapshotted', 'rehearsed', 'applying', 'applied', 'verified', 'recorded'] as const;
export type Phase = (typeof phases)[number];

/** What a run writes down of itself. Nothing in it is secret. Times are ISO 8601 in UTC. */
export interface JournalEntry {
  kind: 'migrate' | 'rollback';
  /** The file of the migration, or the snapshot to go to, as it is shown. */
  what: string;
  /** As `version` of supasnap_runs: the run that it became, if it became one, has this and a number above `since`. */
  version: string;
  since: number;
  /** Which database it is; the same whichever way it is reached. */
  target: string;
  host: string;
  database: string;
  machine: string;
  pid: number;
  startedAt: string;
}

/** A journal as it was found. */
export interface FoundJournal extends JournalEntry {
  path: string;
  phase: Phase;
  /** When that phase began. */
  at: string;
}

export interface Journal {
  /** Notes that this is done, or begins, on disk before it returns. */
  phase: (name: Phase) => Promise<void>;
}

const named = /^\.run_[0-9a-f]{8}_\d+\.jsonl$/;

/**
 * Keeps a file beside the snapshots while a run is at work, so that one that is cut off is known to the next command: a line for the run, and
 * one for each phase. It goes when `use` ends, in whichever way, unless it ends without knowing what became of the change.
 */
export async function withJournal<T>(
  folder: string,
  entry: Omit<JournalEntry, 'machine' | 'pid'>,
  use: (journal: Journal) => Promise<T>,
): Promise<T> {
  const path = join(folder, `.run_${randomBytes(4).toString('hex')}_${process.pid}.jsonl`);
  const file = await begin(folder, path, { ...entry, machine: hostname(), pid: process.pid });
  let leave = false;
  try {
    return await use({ phase: (name) => note(file, path, name) });
  } catch (error) {
    leave = error instanceof OutcomeUnknown;
    throw error;
  } finally {
    await file.close().catch(() => {});
    if (!leave) await rm(path, { force: true }).catch(() => {});
  }
}

async function begin(folder: string, path: string, entry: JournalEntry): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    await mkdir(folder, { recursive: true });
    file = await open(path, 'wx', 0o600);
    await file.writeFile(`${JSON.stringify(entry)}\n${line('planned', entry.startedAt)}`);
    await file.sync();
    await syncFolder(folder);
    return file;
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(path, { force: true }).catch(() => {});
    throw namedFileError(error, path);
  }
}

/** Once the target was changed, a disk that fills must not make a failure of it. */
async function note(file: FileHandle, path: string, name: Phase): Promise<void> {
  try {
    await file.appendFile(line(name, new Date().toISOString()));
    await file.datasync();
  } catch (error) {
    if (phases.indexOf(name) <= phases.indexOf('applying')) throw namedFileError(error, path);
  }
}

const line = (phase: Phase, at: string) => `${JSON.stringify({ phase, at })}\n`;

/** The journals that runs on this target left, oldest first. One that can't be read, or of another target, is not among them. */
export async function readJournals(folder: string, target: () => Promise<string>): Promise<FoundJournal[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => named.test(name));
  if (names.length === 0) return [];
  const wanted = await target();
  const read = await Promise.all(names.map((name) => readJournal(join(folder, name))));
  return read
    .filter((one) => one?.target === wanted)
    .map((one) => one!)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

async function readJournal(path: string): Promise<FoundJournal | undefined> {
  const [first, ...rest] = (await readFile(path, 'utf8').catch(() => '')).split('\n').map(parse);
  const last = rest.findLast((value) => phases.includes(value?.phase as Phase));
  return first?.target && last
    ? { ...(first as unknown as JournalEntry), phase: last.phase as Phase, at: String(last.at), path }
    : undefined;
}

/** A line that was cut off counts for nothing. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Which database this is, through whichever address or pooler; by its address where a role may not ask. */
export async function identifyTarget(client: pg.Client, { host, port, database }: ConnectionSettings): Promise<string> {
  try {
    const { rows } = await client.query<{ system: string }>('select system_identifier::text as system from pg_control_system()');
    return `${rows[0]!.system}/${database}`;
  } catch {
    return `${host}:${port}/${database}`;
  }
}
