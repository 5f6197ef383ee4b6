import { cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type Project, withProject } from './project.ts';

/** A copy of the launcher beside a bundle that says what it is; building it anew makes another. */
const withLauncher = (files: Record<string, string>, use: (project: Project, says: () => Promise<string>) => Promise<void>) =>
  withProject(
    {
      'scripts/build.mjs': `import { mkdirSync, writeFileSync } from 'node:fs';
export async function buildAll() {
  mkdirSync(new URL('../dist', import.meta.url), { recursive: true });
  writeFileSync(new URL('../dist/main.js', import.meta.url), 'export const main = () => console.log("built now") ?? 0;');
}`,
      'scripts/start.mjs': "import { launch } from './launch.mjs';\nawait launch('start');\n",
      'package.json': '{ "type": "module" }',
      'node_modules/esbuild/package.json': '{}',
      ...files,
    },
    async (project) => {
      cpSync(new URL('../scripts/launch.mjs', import.meta.url), project.path('scripts/launch.mjs'));
      await use(project, async () => {
        const { stdout, stderr } = await execa(process.execPath, [project.path('scripts/start.mjs')], { reject: false });
        return `${stdout}${stderr}`;
      });
    },
  );

const bundle = 'export const main = () => console.log("built before") ?? 0;';
const at = (project: Project, name: string, seconds: number) => utimesSync(project.path(name), seconds, seconds);

test('a package runs what it came with, whatever is newer', () =>
  withLauncher({ 'dist/main.js': bundle, 'src/main.ts': '' }, async (project, says) => {
    at(project, 'dist/main.js', 1_000);
    expect(await says()).toBe('built before');
  }));

test('where nothing is built it is built, and without the dependencies it is said how to install them', () =>
  withLauncher({}, async (project, says) => {
    expect(await says()).toBe('built now');
    rmSync(project.path('dist'), { recursive: true });
    rmSync(project.path('node_modules'), { recursive: true });
    expect(await says()).toContain('Next:  npm ci');
  }));

test.each([
  ['a clone', { '.git/logs/HEAD': 'a\n', '.git/HEAD': 'ref: refs/heads/main\n' }, '.git/logs/HEAD'],
  ['a clone without logs', { '.git/HEAD': 'ref: refs/heads/main\n' }, '.git/HEAD'],
  ['a worktree', { '.git': 'gitdir: far/worktrees/one\n', 'far/worktrees/one/logs/HEAD': 'a\n' }, 'far/worktrees/one/logs/HEAD'],
])('%s builds anew once its HEAD has moved, and only then', (_, files: Record<string, string>, moved) =>
  withLauncher({ 'dist/main.js': bundle, ...files }, async (project, says) => {
    at(project, moved, 1_000);
    at(project, 'dist/main.js', 2_000);
    expect(await says()).toBe('built before');
    at(project, moved, 3_000);
    expect(await says()).toBe('built now');
    project.write('dist/main.js', bundle);
    expect(await says()).toBe('built before');
  }),
);

test('the log of HEAD grows with each pull, commit and checkout of git', () =>
  withProject({}, async (project) => {
    const git = (cwd: string, ...words: string[]) =>
      execa('git', ['-c', 'user.name=someone', '-c', 'user.email=someone@example.com', ...words], { cwd: project.path(cwd) });
    const log = () => project.read('clone/.git/logs/HEAD').trim().split('\n').length;
    mkdirSync(project.path('origin'));
    await git('origin', 'init', '-q', '-b', 'main');
    for (const text of ['1', '2']) {
      writeFileSync(project.path('origin/file'), text);
      await git('origin', 'add', '.');
      await git('origin', 'commit', '-qm', text);
      if (text === '1') await git('.', 'clone', '-q', 'origin', 'clone');
    }
    const lines = [log()];
    for (const words of [
      ['pull', '-q'],
      ['commit', '-q', '--allow-empty', '-m', '3'],
      ['checkout', '-q', 'HEAD~1'],
    ]) {
      await git('clone', ...words);
      lines.push(log());
    }
    expect(lines).toEqual([1, 2, 3, 4]);
  }));
