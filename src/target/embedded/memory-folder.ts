import { accessSync, constants, statfsSync } from 'node:fs';
import { isReachable } from './place.ts';

const folder = '/dev/shm';

/**
 * A folder in memory with at least that many bytes free, on systems that have one. A database is made there many times
 * faster than on a disk; what is in it is gone when the machine stops.
 */
export const memoryFolder = (leastFreeBytes: number): string | undefined => {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= leastFreeBytes && isReachable(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
};
