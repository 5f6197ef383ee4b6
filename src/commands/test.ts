import { statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { Problem, refused, usage } from '../errors.ts';
import { readHistory, type AppliedMigration } from '../history/history.ts';
import { migrationName } from '../migration/file-name.ts';
import { isVersioned, listCliTests, listSmokeTests } from '../smoke/list-tests.ts';
import { loadCliTest, loadSmokeTest, type LoadedTest } from '../smoke/load-test.ts';
import type { SmokeResult } from '../smoke/result.ts';
import { runSmokeTest } from '../smoke/run-test.ts';
import { readTestName } from '../smoke/test-name.ts';
import { withTarget } from '../target/session.ts';
import { tellCutOff } from './cut-off.ts';
import { below } from './present.ts';

/** Which smoke tests to run. */
export interface TestOptions {
  /** `v0.7.0`, the timestamp of a migration, or a test file or a folder of such; none: the newest applied version. */
  version?: string;
  /** Every test whose version is applied, and every file that `supabase test db` runs. */
  all?: boolean;
}

/**
 * Runs smoke tests, each in a transaction that is rolled back. A test that fails is a result with `ok: false`. What a version
 * expects to be there is compared only for the newest applied one. Throws a Problem when a test is not there or can't be read.
 */
export function test(context: Context, options: TestOptions = {}): Promise<SmokeResult[]> {
  if (options.all && options.version !== undefined) {
    throw usage('wrong_arguments', 'A version and --all name different tests.', {
      state: 'Nothing was changed.',
      next: 'Give one of them.',
    });
  }
  return withTarget(
    context,
    async (session) => {
      const { client, target, pooling } = session;
      await tellCutOff(context, session);
      const { applied } = await readHistory(client);
      const newest = applied.length > 0 ? labelOf(applied.at(-1)!) : undefined;
      const path = options.version === undefined ? undefined : pathOf(context, options.version);
      const tests =
        options.all || path === context.config.folders.tests
          ? await everyTest(context, applied)
          : path === undefined
            ? [await oneTest(context, options.version, applied, target.name)]
            : await testsAt(context, path);
      const results: SmokeResult[] = [];
      for (const each of tests) {
        if ('unread' in each) {
          results.push(unreadable(each));
          continue;
        }
        const { version, test: parsed, expectations } = each;
        const current = newest === undefined || version === newest || version === applied.at(-1)!.version;
        if (expectations && !current)
          context.report.note(
            `${version} is not the newest applied version (${newest}): what it expected to be there describes an older schema and is not compared.`,
          );
        context.report.step(`Testing ${version === parsed.file ? version : `${version} (${parsed.file})`} …`);
        results.push(
          await runSmokeTest(client, parsed, current ? expectations : undefined, {
            statementTimeoutMs: context.config.settings.testTimeoutMs,
            sharedSession: pooling !== 'direct',
          }),
        );
      }
      return results;
    },
    'read',
  );
}

/** A test that can't be read fails by itself; the others run. */
interface Unread {
  file: string;
  unread: Problem;
}

const loadOrTell = (workdir: string, file: string): Promise<LoadedTest | Unread> =>
  loadCliTest(workdir, file).catch((error: unknown) => {
    if (error instanceof Problem) return { file: relative(workdir, file), unread: error };
    throw error;
  });

const unreadable = ({ file, unread }: Unread): SmokeResult => ({
  version: file,
  file,
  ok: false,
  checks: [{ ok: false, name: 'the file can be run', detail: unread.message }],
  counts: {},
  durationMs: 0,
  problem: unread,
});

/** The file or folder of tests that words name; undefined when they name a version, also by the path of its smoke test. */
function pathOf({ config }: Context, words: string): string | undefined {
  if (versionForm.test(words) || timestampForm.test(words)) return undefined;
  const { workdir, folders } = config;
  const path = [resolve(workdir, words), join(folders.tests, words), resolve(words)].find((each) =>
    statSync(each, { throwIfNoEntry: false }),
  );
  if (path && !isVersioned(path, folders.tests) && (testForm.test(path) || statSync(path).isDirectory())) return path;
  if (!testForm.test(words) || readTestName(basename(words))) return undefined;
  throw refused('test_missing', `There is no test ${words}.`, {
    detail: [`Looked in ${workdir} and ${folders.tests}.`],
    state: 'Nothing was changed.',
    next: 'Name a file below supabase/tests, or run all of them: npx supasnap test --all',
  });
}

async function testsAt(context: Context, path: string): Promise<(LoadedTest | Unread)[]> {
  const { workdir, folders } = context.config;
  if (!statSync(path).isDirectory()) return [await loadCliTest(workdir, path)];
  const files = await listCliTests(path, folders.tests);
  if (files.length === 0)
    throw refused('test_missing', `There is no test in ${below(context, path)}/.`, {
      state: 'Nothing was changed.',
      next: 'Name a folder that holds .sql or .pg files.',
    });
  return Promise.all(files.map((file) => loadOrTell(workdir, file)));
}

async function oneTest(context: Context, wanted: string | undefined, applied: AppliedMigration[], target: string): Promise<LoadedTest> {
  const { config, report } = context;
  const newest = applied.at(-1);
  if (wanted === undefined && !newest) {
    throw refused('not_applied', `No migration is applied on ${target}, so there is no newest version to test.`, {
      state: 'Nothing was changed.',
      next: 'Apply one (npx supasnap migrate), or name the version: npx supasnap test v0.7.0',
    });
  }
  const version = wanted === undefined ? labelOf(newest!) : readVersion(wanted, applied);
  const loaded = await loadSmokeTest(config.workdir, config.folders.tests, version);
  if (!loaded) throw await noTest(context, version, wanted === undefined);
  if (newest && !labelsOf(applied).has(version)) report.warn(`${version} is not applied on ${target}; its test may fail for that alone.`);
  return loaded;
}

async function everyTest(context: Context, applied: AppliedMigration[]): Promise<(LoadedTest | Unread)[]> {
  const { config, report } = context;
  const labels = labelsOf(applied);
  const files = await listSmokeTests(config.folders.tests);
  const loaded: (LoadedTest | Unread)[] = [];
  for (const { version, file } of files) {
    if (!labels.has(version)) report.note(`Left out, its version is not applied: ${below(context, file)}`);
    else loaded.push((await loadSmokeTest(config.workdir, config.folders.tests, version))!);
  }
  for (const file of await listCliTests(config.folders.tests)) loaded.push(await loadOrTell(config.workdir, file));
  if (loaded.length > 0) return loaded;
  throw refused('test_missing', 'There is no smoke test of an applied version, and no other test.', {
    detail: [
      `Looked in ${below(context, config.folders.tests)}/ for: ${[...labels].map(testName).join(', ') || 'nothing, for no migration is applied'}`,
    ],
    state: 'Nothing was changed.',
    next: 'Write one; npx supasnap new makes it together with a migration.',
  });
}

/** `v0.7.0`, `0.7.0`, the path of a test, or the timestamp of a migration that carries a version. */
function readVersion(words: string, applied: AppliedMigration[]): string {
  const fromPath = readTestName(basename(words))?.version;
  if (fromPath) return fromPath;
  const row = applied.find(({ version }) => version === words);
  if (row) return labelOf(row);
  if (timestampForm.test(words)) return words;
  const [, major, minor, patch] = versionForm.exec(words) ?? [];
  if (major !== undefined) return `v${major}.${minor}.${patch}`;
  throw usage('wrong_arguments', `"${words}" is not a version.`, {
    state: 'Nothing was changed.',
    next: 'Write it as v0.7.0, as the timestamp of a migration, or as the path of a test.',
  });
}

const versionForm = /^v?(\d+)[._](\d+)[._](\d+)$/i;
const timestampForm = /^\d{14}$/;
const testForm = /\.(sql|pg)$/;

async function noTest(context: Context, version: string, newest: boolean): Promise<Error> {
  const { folders } = context.config;
  const others = (await listSmokeTests(folders.tests)).map((file) => file.version);
  return refused('test_missing', `${newest ? `The newest applied version, ${version},` : version} has no smoke test.`, {
    detail: [
      `Expected: ${below(context, join(folders.tests, testName(version)))}`,
      ...(others.length > 0 ? [`Versions with a test: ${others.join(', ')}`] : []),
    ],
    state: 'Nothing was changed.',
    next:
      others.length > 0
        ? `Write that file, or name another version: npx supasnap test ${others.at(-1)}`
        : 'Write that file: SQL that fails, or says "not ok", when something is wrong.',
  });
}

const testName = (label: string) => `${label}_smoke_test.sql`;

const labelOf = ({ version, name }: AppliedMigration): string => migrationName(`${version}_${name ?? ''}.sql`)?.label ?? version;

/** What the tests of applied migrations may be named by. */
const labelsOf = (applied: AppliedMigration[]): Set<string> => new Set(applied.flatMap((row) => [labelOf(row), row.version]));
