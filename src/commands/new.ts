import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { refused, usage } from '../errors.ts';
import { compareVersions, migrationName } from '../migration/file-name.ts';
import { newMigration } from '../migration/new.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { below } from './present.ts';

/** What the new migration is called. */
export interface NewOptions {
  /** `v0.8.0`; `0.8.0` is understood too. */
  version: string;
  /** In words: they become the end of the file's name. */
  description: string;
}

/** Paths are below the working folder. */
export interface NewFiles {
  version: string;
  migration: string;
  smokeTest: string;
  /** False when the version has a smoke test already: it stays as it is. */
  smokeTestWritten: boolean;
}

/** Writes a migration and its smoke test from templates, named by the present time in UTC. Nothing is ever overwritten. */
export async function newFiles(context: Context, options: NewOptions): Promise<NewFiles> {
  const { config, report } = context;
  const release = readRelease(options.version);
  if (release !== options.version) report.note(`${options.version} is written ${release}.`);
  const taken = await versionsIn(config.folders.migrations);
  const made = newMigration({ release, description: options.description, now: freeMoment(context.now(), taken) });
  const version = migrationName(made.fileName)!.version;
  const newer = taken.filter((other) => compareVersions(other, version) > 0);
  if (newer.length > 0)
    report.warn(
      `There is a file with a later timestamp (${newer.sort(compareVersions).at(-1)}). Once that one is applied, this one needs --include-all.`,
    );

  const migration = join(config.folders.migrations, made.fileName);
  const smokeTest = join(config.folders.tests, made.smokeTestName);
  await write(context, migration, made.text);
  const smokeTestWritten = !existsSync(smokeTest);
  if (smokeTestWritten) await write(context, smokeTest, made.smokeTestText);
  return { version: release, migration: below(context, migration), smokeTest: below(context, smokeTest), smokeTestWritten };
}

function readRelease(words: string): string {
  const [, major, minor, patch] = /^v?(\d+)[._](\d+)[._](\d+)$/i.exec(words.trim()) ?? [];
  if (major !== undefined) return `v${Number(major)}.${Number(minor)}.${Number(patch)}`;
  const [, first, second = '0'] = /^v?(\d+)(?:[._](\d+))?$/i.exec(words.trim()) ?? [];
  throw usage('wrong_arguments', `"${words}" is not a version.`, {
    state: 'Nothing was written.',
    next: `Write all three numbers: npx supasnap new v${first ?? 0}.${first === undefined ? '8' : second}.0 what_it_does`,
  });
}

async function versionsIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).flatMap((name) => migrationName(name)?.version ?? []);
}

/** History has room for one migration per second: a second that is taken is passed over. */
function freeMoment(now: Date, taken: string[]): Date {
  let moment = now;
  while (taken.includes(moment.toISOString().replace(/\D/g, '').slice(0, 14))) moment = new Date(moment.getTime() + 1000);
  return moment;
}

async function write(context: Context, path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
    throw refused('file_exists', `${below(context, path)} exists already.`, {
      state: 'It was left as it is.',
      next: 'Run the command again.',
    });
  }
}
