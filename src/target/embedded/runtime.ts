import {
  chmodSync,
  copyFileSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ServerBinaries } from './binaries.ts';
import { findPgtap, pgtapFiles } from './pgtap.ts';
import type { Place } from './place.ts';

/**
 * Gives the folder (bin, lib, share) of server programs that can run: hard links to the package's files, made once per package
 * version, with pgTAP among the extensions. The package's own folder is left as it is: it may be shared, incomplete or closed to the server's account.
 */
export const prepareRuntime = (binaries: ServerBinaries, place: Place): string => {
  const pgtap = findPgtap();
  const folder = join(place.folder, `postgresql-${binaries.version}${pgtap ? `-pgtap-${pgtap.version}` : ''}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  const building = `${folder}.${process.pid}`;
  rmSync(building, { recursive: true, force: true });
  try {
    copyTree(binaries.folder, building);
    for (const link of missingLinks(binaries.folder, building)) symlinkSync(basename(link.source), link.target);
    for (const { name, text } of pgtap ? pgtapFiles(pgtap.folder) : [])
      writeReadable(join(building, 'share/postgresql/extension', name), text);
    writeFileSync(join(building, 'complete'), `${binaries.folder}\n`);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    throw error;
  }
  putInPlace(building, folder);
  return folder;
};

/** Whatever the umask is. */
const writeReadable = (file: string, text: string): void => {
  writeFileSync(file, text);
  chmodSync(file, 0o644);
};

/** Install scripts restore links that npm packages can't hold; they may have been blocked. */
const missingLinks = (folder: string, under: string): { source: string; target: string }[] => {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  const place = (file: string) => join(under, file.replace(/^native[\\/]/, ''));
  return links.map((link) => ({ source: place(link.source), target: place(link.target) })).filter((link) => !existsSync(link.target));
};

const copyTree = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile()) copyFile(source, target, basename(dirname(source)) === 'bin' ? 0o755 : 0o644);
  }
};

/** A link shares the mode of the package's file, so a file that needs another mode is copied. */
const copyFile = (source: string, target: string, mode: number): void => {
  if ((statSync(source).mode & mode) === mode) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another file system, or links are forbidden here.
    }
  }
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  chmodSync(target, mode);
};

/** Another starter may have been first. */
const putInPlace = (building: string, folder: string): void => {
  try {
    renameSync(building, folder);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    if (!existsSync(join(folder, 'complete'))) throw error;
  }
};
