import { execa } from 'execa';
import { type Site, urlOf } from './commands/site.ts';

/** Runs the real Supabase CLI on the database of a site, in its project. Throws with what it told where it fails. */
export async function cli(site: Site, ...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await cliResult(site, words);
  if (exitCode !== 0) throw new Error(`supabase ${words.join(' ')} ended with ${exitCode}.\n${stderr}\n${stdout}`);
  return stdout;
}

/** Versions that the CLI sees in the folder, and in the database. */
export async function listedByCli(site: Site): Promise<{ local: string[]; remote: string[] }> {
  const { migrations } = JSON.parse(await cli(site, 'migration', 'list', '--output-format', 'json')) as {
    migrations: { local?: string; remote?: string }[];
  };
  const column = (name: 'local' | 'remote') => migrations.flatMap((row) => (row[name] ? [row[name]] : []));
  return { local: column('local'), remote: column('remote') };
}

export function cliResult(
  { project, database }: Pick<Site, 'project' | 'database'>,
  words: string[],
): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
  if (!project.exists('supabase/config.toml')) project.write('supabase/config.toml', 'project_id = "agreement"\n');
  return execa('supabase', [...words, `--remote=${urlOf(database)}`], {
    cwd: project.folder,
    preferLocal: true,
    localDir: import.meta.dirname,
    stdin: 'ignore',
    reject: false,
  });
}
