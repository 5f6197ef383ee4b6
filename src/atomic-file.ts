import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { failed } from './errors.ts';
import { isAlive } from './target/embedded/postmaster.ts';

/** Temporary names say which process of which machine is at work; a folder may be shared. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const temporaryName = /^\..+\.([0-9a-f]{8})-(\d+)\.[0-9a-f]{8}\.tmp$/;
const dayMs = 86_400_000;

/** Writes a whole file or nothing, in parts where it comes in parts: temporary file, fsync, then its name. Without `replace` an existing file is an error (EEXIST). */
export async function writeFileAtomic(
  path: string,
  content: string | Buffer | AsyncIterable<string>,
  options: { replace?: boolean; mode?: number } = {},
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path)}.${machine}-${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o644);
    try {
      for await (const part of typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.replace) await rename(temporary, path);
    else await link(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    throw namedFileError(error, path);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Throws a Problem when no file can be made in one of the folders; where one is not there yet, in the nearest above it that is. Nothing stays. */
export async function requireWritable(folders: string[]): Promise<void> {
  for (const folder of folders) {
    let there = folder;
    while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
    const probe = join(there, `.supasnap.${machine}-${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
    try {
      await (await open(probe, 'wx', 0o600)).close();
      await rm(probe, { force: true });
    } catch (error) {
      throw namedFileError(error, folder, 'Nothing was changed.');
    }
  }
}

/** Removes what writers that are gone left half-written in these folders. */
export async function removeHalfWritten(folders: string[]): Promise<void> {
  for (const folder of new Set(folders)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const [, where, pid] = temporaryName.exec(name) ?? [];
      if (where === undefined) continue;
      const path = join(folder, name);
      const writtenAt = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (writtenAt !== undefined && isOrphan(where, Number(pid), writtenAt)) await rm(path, { force: true }).catch(() => {});
    }
  }
}

/** Of a process with our own number, what is older than this process. Another machine's processes can't be seen: after a day they are gone. */
function isOrphan(where: string, pid: number, writtenAt: number): boolean {
  if (where !== machine) return writtenAt < Date.now() - dayMs;
  return pid === process.pid ? writtenAt < Date.now() - process.uptime() * 1_000 : !isAlive(pid);
}

/** Throws a Problem when the disk has not twice the room that `bytes` needs. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw namedFileError(error, folder);
  });
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free > bytes * 2) return;
  throw failed(
    'disk_full',
    `The disk that holds ${folder} is nearly full: ${megabytes(free)} free, ${megabytes(bytes * 2)} wanted for a snapshot.`,
    {
      state: 'Nothing was changed.',
      next: 'Make room, or point snapshots_folder in supabase/supasnap.toml to another disk.',
    },
  );
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;

/** A Problem that says in words why a file can't be written; any other error as it is. */
export function namedFileError(error: unknown, path: string, state?: string): unknown {
  const { code } = error as { code?: string };
  const reason = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'the disk is read-only',
    ENOTDIR: 'a part of its path is a file',
    ENAMETOOLONG: 'its name is too long',
  }[code ?? ''];
  if (!reason) return error;
  return failed(code === 'ENOSPC' || code === 'EDQUOT' ? 'disk_full' : 'write_failed', `${path} can't be written: ${reason}.`, {
    state,
    next: 'Mend that, then run the command again; it finds out by itself what was done.',
    cause: error,
  });
}
