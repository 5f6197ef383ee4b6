import { execa } from 'execa';
import { userInfo } from 'node:os';

/** What is known of the code that a command runs for. */
export interface Provenance {
  gitCommit: string | null;
  who: string | null;
}

/** The commit of the working folder and the name in its git configuration; null where there is none. */
export async function readProvenance(workdir: string): Promise<Provenance> {
  const git = async (...args: string[]) => {
    const { exitCode, stdout } = await execa('git', args, { cwd: workdir, reject: false, stdin: 'ignore', timeout: 5_000 });
    return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : null;
  };
  const [gitCommit, name] = await Promise.all([git('rev-parse', '--short=12', 'HEAD'), git('config', 'user.name')]);
  return { gitCommit, who: name ?? systemUser() };
}

function systemUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
