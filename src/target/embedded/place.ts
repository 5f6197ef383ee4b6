import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { failed } from '../../errors.ts';

/** The account the server runs as, when it can't be our own. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

/** Where server programs and data live, and as whom they run. */
export interface Place {
  folder: string;
  account?: ServerAccount;
}

/**
 * Finds or makes the folder for servers of one state folder: `<stateFolder>/embedded`. PostgreSQL refuses to run as root, so
 * for root it runs as an unprivileged account; where that account can't reach the state folder (a private home),
 * `embedded` is a link to a folder it can reach.
 */
export const preparePlace = (stateFolder: string): Place => {
  const account = serverAccount();
  mkdirSync(stateFolder, { recursive: true });
  const folder = join(realpathSync(stateFolder), 'embedded');
  if (!account) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { folder };
  }
  const linked = linkedFolder(folder);
  if (linked) return { folder: linked, account };
  if (isReachable(dirname(folder))) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    return { folder, account };
  }
  const outside = makeOutside(dirname(folder));
  symlinkSync(outside, folder);
  return { folder: outside, account };
};

/** Whether any account may pass through a folder and all those above it. */
export const isReachable = (folder: string): boolean => {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

const linkedFolder = (folder: string): string | undefined => {
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  if (!entry?.isSymbolicLink()) return undefined;
  const outside = readlinkSync(folder);
  if (existsSync(outside)) return outside;
  unlinkSync(folder);
  return undefined;
};

const makeOutside = (stateFolder: string): string => {
  const name = createHash('sha256').update(stateFolder).digest('hex').slice(0, 16);
  for (const folder of [join('/var/lib/supasnap', name), join(tmpdir(), `supasnap-${name}`)]) {
    if (tryMakeFolder(folder)) return folder;
  }
  throw failed('There is no folder where the embedded PostgreSQL could keep its data.', {
    detail: [
      `${stateFolder} is private to root, and PostgreSQL refuses to run as root.`,
      `/var/lib/supasnap and ${tmpdir()} can't be used either.`,
    ],
    next: 'Run as another user, or move the project to a folder that others may enter.',
  });
};

/** Only a folder that is ours and that the server's account can enter: one in /tmp may be somebody's trap. */
const tryMakeFolder = (folder: string): boolean => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch {
    return false;
  }
  const entry = lstatSync(folder);
  return entry.isDirectory() && entry.uid === 0 && (entry.mode & 0o022) === 0 && isReachable(folder);
};

const serverAccount = (): ServerAccount | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['nobody', 'postgres', 'daemon']) {
    const entry = accounts.find((fields) => fields[0] === name);
    if (entry && Number(entry[2]) > 0) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw failed('PostgreSQL refuses to run as root, and /etc/passwd names no account to run it as.', {
    detail: ['Looked for: nobody, postgres, daemon'],
    next: 'Run as another user.',
  });
};
