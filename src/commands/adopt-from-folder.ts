import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { PresentFile } from '../adopt/convert.ts';
import type { FoundFile } from '../adopt/earlier.ts';
import type { FolderFiles } from '../adopt/layout.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { decodeSql } from '../migration/decode.ts';
import { largestFile, listMigrations } from '../migration/read.ts';

const state = 'Nothing was changed.';

/** Reads the folder of another tool. Throws a Problem where it is not to be had, or is the one that ours go to. */
export async function readFolder({ config }: Context, folder: string): Promise<FolderFiles> {
  const label = relative(config.workdir, folder) || '.';
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw usage('file_missing', found ? `${label} is not a folder.` : `There is no folder ${label}.`, {
      state,
      next: 'Give the folder that holds the migrations of the other tool with --from.',
    });
  if (folder === config.folders.migrations) {
    throw usage('wrong_arguments', `${label} is the folder that the migrations go to.`, {
      state,
      next: 'Move the files of the other tool to a folder of their own, such as db/migrations, and give that one with --from.',
    });
  }
  const files = (name?: string) => readFiles(name === undefined ? folder : join(folder, name), config.workdir);
  return { label, files: await files(), down: await files('down'), rollbacks: await files('rollbacks') };
}

async function readFiles(folder: string, workdir: string): Promise<FoundFile[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && /\.sql$/i.test(entry.name))
    .map(({ name }) => name)
    .sort();
  const found: FoundFile[] = [];
  for (const fileName of names) {
    const path = join(folder, fileName);
    const label = relative(workdir, path);
    if ((await stat(path)).size > largestFile)
      throw usage('file_too_large', `${label} has more than ${largestFile / 1e6} MB, the most that is read.`, {
        state,
        next: 'Keep its rows in a file of their own.',
      });
    const bytes = await readFile(path);
    found.push({ label, fileName, bytes, text: decodeSql(bytes, label) });
  }
  return found;
}

/** What lies in supabase/migrations. Throws a Problem where two files there have one version. */
export async function readPresentFiles({ config }: Context): Promise<PresentFile[]> {
  const { migrations: folder } = config.folders;
  if (!existsSync(folder)) return [];
  const { migrations, problems } = await listMigrations(folder);
  if (problems[0]) throw problems[0];
  return Promise.all(
    migrations.map(async ({ path, name }) => ({
      version: name.version,
      name: name.name,
      label: relative(config.workdir, path),
      fileName: basename(path),
      bytes: await readFile(path),
    })),
  );
}
