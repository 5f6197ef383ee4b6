import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed } from '../../errors.ts';
import { isAlive } from './postmaster.ts';

const patienceMs = 60_000;

/** Lets one process at a time do something with a server; the others wait for it. The lock of a dead process is removed. */
export const withStartLock = async <T>(file: string, use: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + patienceMs;
  while (!take(file)) {
    removeIfOrphaned(file);
    if (Date.now() > deadline) {
      throw failed('locked', 'Another process has been starting or stopping the embedded PostgreSQL for over a minute.', {
        detail: [`Its lock: ${file}`],
        next: 'If no such process is running, delete that file and try again.',
      });
    }
    await sleep(20);
  }
  try {
    return await use();
  } finally {
    rmSync(file, { force: true });
  }
};

const take = (file: string): boolean => {
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/** The rename lets only one of several waiters remove it, and shows whether it was still the same lock. */
const removeIfOrphaned = (file: string): void => {
  const holder = readHolder(file);
  if (holder === undefined || (holder > 0 && isAlive(holder))) return;
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readHolder(aside) === holder) rmSync(aside, { force: true });
  else renameSync(aside, file);
};

/** The process that holds the lock; 0 when it died before it could write its id. */
const readHolder = (file: string): number | undefined => {
  try {
    const holder = Number.parseInt(readFileSync(file, 'utf8'), 10);
    if (holder > 0) return holder;
    return Date.now() - statSync(file).mtimeMs > 2000 ? 0 : undefined;
  } catch {
    return undefined;
  }
};
