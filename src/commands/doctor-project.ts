import { accessSync, constants, existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { readSupabaseConfig } from '../config/supabase-config.ts';
import type { Context } from '../context.ts';
import { migrationName } from '../migration/file-name.ts';
import { listSmokeTests } from '../smoke/list-tests.ts';
import { note, ok, problem, type Finding } from './finding.ts';
import { below } from './present.ts';
import { size } from './text.ts';

const leastFreeBytes = 200_000_000;

/** The folders of the project: whether they are there, can be written, and have room. */
export async function checkProject(context: Context): Promise<Finding[]> {
  const { folders, workdir } = context.config;
  if (!existsSync(folders.supabase)) {
    return [
      note(
        'Project',
        `There is no folder supabase/ in ${workdir}.`,
        'Run it in your project, pass it with --workdir, or begin one: npx supasnap new v0.1.0 first',
      ),
      room(workdir),
    ];
  }
  return [
    ok('Project', workdir),
    migrations(context),
    await tests(context),
    ...declaredSchema(context),
    ...[folders.snapshots, folders.rollback, folders.docs].map((folder) => writable(context, folder)),
    room(workdir),
  ];
}

function migrations(context: Context): Finding {
  const { migrations: folder } = context.config.folders;
  const label = below(context, folder);
  if (!existsSync(folder)) return note('Migrations', `${label}/ is not there yet.`, 'npx supasnap new v0.1.0 first');
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  const others = names.filter((name) => !migrationName(name));
  if (others.length > 0) {
    return note(
      'Migrations',
      `${label}/ holds files that are no migrations: ${others.slice(0, 5).join(', ')}. The Supabase CLI prints a line for each.`,
      `Move them out of ${label}/.`,
    );
  }
  return ok('Migrations', `${names.length} in ${label}/`);
}

async function tests(context: Context): Promise<Finding> {
  const { tests: folder } = context.config.folders;
  const count = (await listSmokeTests(folder).catch(() => [])).length;
  const label = below(context, folder);
  return count > 0
    ? ok('Smoke tests', `${count} in ${label}/`)
    : note(
        'Smoke tests',
        `none in ${label}/: migrations are applied without being tested.`,
        'npx supasnap new makes one with each new version.',
      );
}

/** Files of ours that the CLI's "db diff" would take for the declared schema. */
function declaredSchema(context: Context): Finding[] {
  const { folders } = context.config;
  const paths = readSupabaseConfig(folders.supabase)?.schemaPaths ?? [];
  return [folders.snapshots, folders.rollback].flatMap((folder) => {
    const path = paths.find((each) => reaches(resolve(folders.supabase, each), folder));
    return path === undefined
      ? []
      : [
          problem(
            'Declared schema',
            `schema_paths in supabase/config.toml has ${path}, so "supabase db diff" loads what is in ${below(context, folder)}/ as the schema you declare.`,
            'Let schema_paths name the folder of your schema files alone, such as ./schemas/*.sql.',
          ),
        ];
  });
}

/** Whether a path or pattern may name files in that folder. */
function reaches(pattern: string, folder: string): boolean {
  const [fixed = ''] = pattern.split(/[*?[{]/);
  const base = fixed === pattern ? pattern : dirname(`${fixed}x`);
  return folder === base || (folder.startsWith(`${base}${sep}`) && (fixed === pattern || pattern.slice(base.length + 1).includes('/')));
}

/** A folder that is not there yet is made when it is needed; then the nearest one above it counts. */
function writable(context: Context, folder: string): Finding {
  const label = `${below(context, folder)}/`;
  let at = folder;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  try {
    accessSync(at, constants.W_OK);
    return ok('Folder', `${label} ${at === folder ? 'can be written' : 'will be made when it is needed'}`);
  } catch {
    return problem('Folder', `${label} can't be written by this user.`, `Check the owner of ${at}.`);
  }
}

function room(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  return free < leastFreeBytes
    ? problem('Disk', `only ${size(free)} free; snapshots and rehearsals need some 200 MB.`, 'Free some disk space.')
    : ok('Disk', `${size(free)} free`);
}
