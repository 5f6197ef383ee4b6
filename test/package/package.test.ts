import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type Project, withProject } from '../project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packaged = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  files: string[];
  dependencies: Record<string, string>;
};

/** Types alone, as strict as it goes, and nothing beside the package. */
const program = `import { exitCodes, migrate, Problem, readConfig, renderProblem, rollback, status } from 'supasnap';
import type { Context, ExitCode, MigrateOptions, MigrateResult, Reporter, RollbackResult, Status } from 'supasnap';

const report: Reporter = { target: () => {}, step: () => {}, note: () => {}, warn: () => {} };
const context: Context = { config: readConfig('.', '.'), target: {}, environment: {}, report, now: () => new Date(), yes: true, secret: () => {} };
const options: MigrateOptions = { files: ['a.sql'], dryRun: true };

export async function all(): Promise<[MigrateResult, RollbackResult, Status] | string | ExitCode> {
  try {
    return [await migrate(context, options), await rollback(context, { steps: 1 }), await status(context)];
  } catch (error) {
    return error instanceof Problem ? renderProblem(error) : exitCodes.failed;
  }
}

// @ts-expect-error: where the types were lost, and all were any, this would be no error.
export const wrong: MigrateOptions = { files: 'a.sql' };
// @ts-expect-error: the same of a function.
rollback(context, { steps: 'one' });
`;

// It builds and type-checks, which takes 20 s of a processor alone.
test(
  'the package that npm makes is imported, run and type-checked in an empty project, without types of other packages',
  { timeout: 600_000 },
  () =>
    withProject({}, async (project) => {
      await install(project);
      project.write('package.json', '{ "name": "empty", "private": true, "type": "module" }');
      const node = async (...words: string[]) => (await execa(process.execPath, words, { cwd: project.folder, stdin: 'ignore' })).stdout;

      expect(await node('node_modules/supasnap/scripts/supasnap', '--version')).toBe(packaged.version);
      const exported = "import * as all from 'supasnap'; console.log(JSON.stringify(Object.keys(all).sort()))";
      expect(JSON.parse(await node('--input-type=module', '--eval', exported))).toEqual(
        Object.keys(await import('../../src/index.ts')).sort(),
      );

      project.write('program.ts', program);
      project.write(
        'tsconfig.json',
        JSON.stringify({
          compilerOptions: { strict: true, skipLibCheck: false, noEmit: true, target: 'ES2022', lib: ['ES2022'], module: 'NodeNext' },
          files: ['program.ts'],
        }),
      );
      await node(join(root, 'node_modules/typescript/bin/tsc'), '-p', '.');

      for (const file of ['LICENSE', 'CHANGELOG.md', 'README.md']) expect(project.exists(`node_modules/supasnap/${file}`), file).toBe(true);
      expect(project.list('node_modules/supasnap')).not.toContain('src');
    }),
);

/** Packs a copy of this package, for building removes dist/, which other tests run from. Its dependencies are those of this checkout: a test asks no registry. */
async function install(project: Project): Promise<void> {
  const copy = project.path('.source');
  for (const name of ['package.json', 'tsconfig.json', 'src', ...packaged.files.filter((file) => file !== 'dist')])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  await execa('npm', ['pack', '--offline', '--pack-destination', project.folder], { cwd: copy, stdin: 'ignore' });
  const target = project.path('node_modules/supasnap');
  mkdirSync(target, { recursive: true });
  await execa('tar', ['-xzf', project.path(`supasnap-${packaged.version}.tgz`), '--strip-components=1', '-C', target]);
  for (const name of Object.keys(packaged.dependencies)) {
    const link = project.path(`node_modules/${name}`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}
