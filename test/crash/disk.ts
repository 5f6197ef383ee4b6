import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small disk of its own at a folder, in memory. */
export interface Disk {
  /** Takes all the room that is left. */
  fill: () => void;
  /** Gives it back. */
  clear: () => void;
  unmount: () => void;
}

const run = (program: string, ...words: string[]) => spawnSync(program, words, { encoding: 'utf8' });

export function mountDisk(folder: string, megabytes: number): Disk {
  mkdirSync(folder, { recursive: true });
  const { status, stderr, error } = run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', folder);
  if (status !== 0) throw new Error(`No disk can be mounted at ${folder}: ${error?.message ?? stderr}`);
  const filler = join(folder, '.filler');
  return { fill: () => fill(filler), clear: () => rmSync(filler, { force: true }), unmount: () => void run('umount', '-l', folder) };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [1_048_576, 4_096]) {
      const zeros = Buffer.alloc(bytes);
      try {
        while (writeSync(file, zeros) > 0);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

let known: boolean | undefined;

/** Whether disks can be mounted here; a container may forbid it, root or not. */
export function canMount(): boolean {
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'supasnap-mount-'));
  try {
    mountDisk(folder, 1).unmount();
    known = true;
  } catch {
    known = false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return known;
}
