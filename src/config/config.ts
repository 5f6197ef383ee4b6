import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { usage } from '../errors.ts';
import { parseSettings, type Settings } from './settings.ts';

/** Everything a command needs to know about the project, parsed once. Paths are absolute, times are milliseconds. */
export interface Config {
  workdir: string;
  stateFolder: string;
  folders: { supabase: string; migrations: string; snapshots: string; rollback: string; tests: string; docs: string };
  settings: Settings;
}

/** Reads supabase/supasnap.toml, when there is one, below `workdir` (default: the nearest folder upwards that has supabase/). */
export function readConfig(workdir: string | undefined, cwd: string): Config {
  const root = workdir ? resolve(cwd, workdir) : (findProject(cwd) ?? cwd);
  if (workdir && !existsSync(root))
    throw usage('file_missing', `The folder ${root} does not exist.`, { next: 'Pass an existing folder with --workdir.' });
  const supabase = join(root, 'supabase');
  const file = join(supabase, 'supasnap.toml');
  const settings = parseSettings(existsSync(file) ? readFileSync(file, 'utf8') : '', 'supabase/supasnap.toml');
  const folder = (path: string) => (isAbsolute(path) ? path : join(root, path));
  return {
    workdir: root,
    stateFolder: join(root, '.supasnap'),
    folders: {
      supabase,
      migrations: join(supabase, 'migrations'),
      snapshots: folder(settings.snapshotsFolder),
      rollback: folder(settings.rollbackFolder),
      tests: join(supabase, 'tests'),
      docs: join(supabase, 'docs'),
    },
    settings,
  };
}

function findProject(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = resolve(folder, '..')) {
    if (existsSync(join(folder, 'supabase', 'migrations')) || existsSync(join(folder, 'supabase', 'config.toml'))) return folder;
    if (folder === resolve(folder, '..')) return undefined;
  }
}
