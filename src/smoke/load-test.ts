import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { readSql } from '../migration/read.ts';
import { parseExpectations, type Expectations } from './expectations.ts';
import { listSmokeTests } from './list-tests.ts';
import { parseCliTest, parseSmokeTest, type SmokeTest } from './parse-test.ts';

/** A smoke test and what it expects, read and found to be sound. */
export interface LoadedTest {
  version: string;
  test: SmokeTest;
  expectations?: Expectations;
}

/** A test that is written for `supabase test db`, called by its path. */
export async function loadCliTest(workdir: string, file: string): Promise<LoadedTest> {
  const path = relative(workdir, file);
  return { version: path, test: await parseCliTest(path, await readSql(file, path), path) };
}

/** The test of a version (`v0.7.0`, or a timestamp), or undefined when there is none. Paths shown are below `workdir`. */
export async function loadSmokeTest(workdir: string, folder: string, version: string): Promise<LoadedTest | undefined> {
  const found = (await listSmokeTests(folder)).find((test) => test.version === version);
  if (!found) return undefined;
  const test = await parseSmokeTest(relative(workdir, found.file), await readSql(found.file, relative(workdir, found.file)));
  if (!found.expectFile) return { version, test };
  return { version, test, expectations: parseExpectations(relative(workdir, found.expectFile), await readFile(found.expectFile, 'utf8')) };
}
