import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { compareVersions, readTestName } from './test-name.ts';

/** A test file, and the expectations beside it. Paths begin with the folder as given. */
export interface SmokeTestFile {
  version: string;
  file: string;
  expectFile?: string;
}

/** The smoke tests of a folder, oldest version first, tests named by timestamp last. A folder that is not there holds none. */
export async function listSmokeTests(testsFolder: string): Promise<SmokeTestFile[]> {
  const tests: SmokeTestFile[] = [];
  const expectations = new Map<string, string>();
  for (const name of await names(testsFolder)) {
    const read = readTestName(name);
    if (read?.kind === 'test') tests.push({ version: read.version, file: join(testsFolder, name) });
    if (read?.kind === 'expectations') expectations.set(read.version, join(testsFolder, name));
  }
  for (const test of tests) {
    const expectFile = expectations.get(test.version);
    if (expectFile) test.expectFile = expectFile;
  }
  return tests.sort((a, b) => compareVersions(a.version, b.version));
}

/**
 * The files that `supabase test db` runs beside ours: every .sql and .pg below a folder, in order of their paths.
 * A version's smoke test in the folder itself is none of them.
 */
export async function listCliTests(folder: string, testsFolder = folder): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nothingThere);
  return entries
    .filter((entry) => /\.(sql|pg)$/.test(entry.name) && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !isVersioned(file, testsFolder))
    .sort();
}

/** Whether a file is the smoke test of a version. */
export const isVersioned = (file: string, testsFolder: string): boolean =>
  dirname(file) === testsFolder && readTestName(basename(file))?.kind === 'test';

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(nothingThere);
}

const nothingThere = (error: NodeJS.ErrnoException): [] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
