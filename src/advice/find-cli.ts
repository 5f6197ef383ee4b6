import { realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The Supabase CLI of a project. */
export interface SupabaseCli {
  path: string;
  /** Another one after an update. */
  identity: string;
}

/** The CLI in the node_modules of a folder or one above it, else the one on the PATH. Nothing is ever downloaded. */
export function findCli(workdir: string, PATH: string | undefined): SupabaseCli | undefined {
  const folders = [
    ...above(workdir).map((folder) => join(folder, 'node_modules', '.bin')),
    ...(PATH ?? '').split(delimiter).filter(Boolean),
  ];
  for (const folder of folders) {
    const path = join(folder, process.platform === 'win32' ? 'supabase.cmd' : 'supabase');
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isFile()) return { path, identity: `${realpathSync(path)} ${file.mtimeMs} ${file.size}` };
  }
  return undefined;
}

function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
