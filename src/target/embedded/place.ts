import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
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
    makeFolder(folder, 0o700);
    return { folder };
  }
  const linked = linkedFolder(folder);
  if (linked) return { folder: linked, account };
  if (isReachable(dirname(folder))) {
    makeFolder(folder, 0o755);
    return { folder, account };
  }
  return { folder: linkOutside(folder), account };
};

/** Whether any account may pass through a folder and all those above it. */
export const isReachable = (folder: string): boolean => {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

/** Makes a folder and those above it with that mode, whatever the umask is; existing ones are left as they are. */
export const makeFolder = (folder: string, mode: number): void => {
  const first = mkdirSync(folder, { recursive: true, mode });
  if (!first) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) chmodSync(at, mode);
};

const linkedFolder = (folder: string): string | undefined => {
  const entry = lstatSync(folder, { throwIfNoEntry: false });
  if (!entry?.isSymbolicLink()) return undefined;
  const outside = readlinkSync(folder);
  if (existsSync(outside)) return outside;
  unlinkSync(folder);
  return undefined;
};

/** Another process may link its own at the same time: the first one counts. */
const linkOutside = (folder: string): string => {
  const outside = makeOutside(dirname(folder));
  try {
    symlinkSync(outside, folder);
    return outside;
  } catch (error) {
    rmSync(outside, { recursive: true });
    const linked = linkedFolder(folder);
    if (linked) return linked;
    throw error;
  }
};

/** A new one each time: who deletes .supasnap/ wants to begin anew. It says whose it is, for the day of cleaning up. */
const makeOutside = (stateFolder: string): string => {
  const name = randomBytes(8).toString('hex');
  for (const folder of [join('/var/lib/supasnap', name), join(tmpdir(), `supasnap-${name}`)]) {
    if (!tryMakeFolder(folder)) continue;
    writeFileSync(join(folder, 'belongs-to'), `${stateFolder}\n`);
    return folder;
  }
  throw failed('embedded_failed', 'There is no folder where the embedded PostgreSQL could keep its data.', {
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
    makeFolder(folder, 0o755);
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
  throw failed('embedded_failed', 'PostgreSQL refuses to run as root, and /etc/passwd names no account to run it as.', {
    detail: ['Looked for: nobody, postgres, daemon'],
    next: 'Run as another user.',
  });
};
