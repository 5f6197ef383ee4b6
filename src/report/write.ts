import { readFile, realpath, stat } from 'node:fs/promises';
import { failed } from '../errors.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import type { MigrationsInput } from './migration-events.ts';
import { renderMigrations } from './migrations-md.ts';

/**
 * Writes MIGRATIONS.md anew, whole or not at all, and keeps the notes in it. Returns whether anything had to be written.
 * Throws a Problem when the file there is no UTF-8 text, for then its notes could not be kept.
 */
export async function updateMigrationsFile(path: string, input: MigrationsInput): Promise<boolean> {
  const existing = await readExisting(path);
  const text = renderMigrations(input, existing?.text);
  if (text === existing?.text) return false;
  await writeFileAtomic(existing?.path ?? path, text, { replace: true, mode: existing?.mode });
  return true;
}

/** The text with the file's real place and mode, so that a link stays a link. */
async function readExisting(path: string): Promise<{ text: string; path: string; mode: number } | undefined> {
  try {
    const bytes = await readFile(path);
    const text = bytes.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw unreadable(path, 'it is not UTF-8 text');
    return { text, path: await realpath(path), mode: (await stat(path)).mode & 0o777 };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return undefined;
    const reason = { EISDIR: 'it is a folder', EACCES: 'this user may not read it', ENOTDIR: 'a part of its path is a file' }[code ?? ''];
    throw reason ? unreadable(path, reason, error) : error;
  }
}

const unreadable = (path: string, reason: string, cause?: unknown) =>
  failed('file_missing', `${path} can't be read: ${reason}.`, {
    state: 'The file was left as it is. It is written from history, so nothing else depends on it.',
    next: 'Move it away or save it as UTF-8; the next command writes it anew.',
    cause,
  });
