import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
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

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
