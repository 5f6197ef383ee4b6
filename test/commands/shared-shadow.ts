import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { runCli, type Project } from '../project.ts';

/**
 * Called at the top of a test file; the function it gives lets a project use one state folder with the others of that
 * file: a shadow server is made once, not for each test.
 */
export function shareShadow(): (project: Project) => void {
  let folder = '';
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'supasnap-state-')));
    chmodSync(folder, 0o755);
    symlinkSync(folder, join(folder, '.supasnap'));
  });
  afterAll(async () => {
    await runCli('db-stop', ['--workdir', folder], { cwd: folder });
    rmSync(folder, { recursive: true, force: true });
  });
  return (project) => symlinkSync(folder, project.path('.supasnap'));
}
