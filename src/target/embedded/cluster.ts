import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failed } from '../../errors.ts';
import type { Place } from './place.ts';
import { type ServerFiles, newPassword, writeSecrets } from './server-files.ts';

const leastFreeBytes = 200 * 1024 * 1024;

/** The environment of server programs: nothing of the user's settings (PGDATA, LANG, …) may reach them. */
export const serverEnvironment = (): NodeJS.ProcessEnv => {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, SystemRoot, TEMP, TZ: 'UTC' };
};

/** Makes the data folder unless it is there, with superuser `supabase_admin` and a password of its own. */
export const prepareCluster = (files: ServerFiles, options: { runtime: string; place: Place; major: number; durable: boolean }): void => {
  if (existsSync(join(files.data, 'PG_VERSION'))) {
    checkVersion(files, options.major);
    return;
  }
  checkSpace(files);
  const making = `${files.data}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  const password = newPassword();
  const passwordFile = join(files.folder, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (options.place.account) {
    const { uid, gid } = options.place.account;
    chownSync(making, uid, gid);
    chownSync(passwordFile, uid, gid);
  }
  try {
    runInitdb(making, passwordFile, options);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeSecrets(files, { port: 0, password, ...(files.data === join(files.folder, 'data') ? {} : { data: files.data }) });
  chmodSync(making, 0o700);
  renameSync(making, files.data);
};

/** C.UTF-8 sorts by code point, alike everywhere; a system without it gets C. */
const runInitdb = (
  folder: string,
  passwordFile: string,
  { runtime, place, durable }: { runtime: string; place: Place; durable: boolean },
): void => {
  const attempts = ['C.UTF-8', 'C'].map((locale) => () => {
    const words = [
      '-D',
      folder,
      '-U',
      'supabase_admin',
      '--pwfile',
      passwordFile,
      '--auth-local=scram-sha-256',
      '--auth-host=scram-sha-256',
      '-E',
      'UTF8',
      `--locale=${locale}`,
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ];
    return spawnSync(join(runtime, 'bin', 'initdb'), words, {
      cwd: place.folder,
      env: serverEnvironment(),
      encoding: 'utf8',
      windowsHide: true,
      ...place.account,
    });
  });
  let text = '';
  for (const attempt of attempts) {
    const result = attempt();
    if (result.status === 0) return;
    text = result.error?.message ?? `${result.stdout}${result.stderr}`;
    if (!text.includes('locale')) break;
  }
  rmSync(folder, { recursive: true, force: true });
  throw failed('embedded_failed', 'The embedded PostgreSQL could not make its data folder.', {
    detail: text.trim().split('\n').slice(-8),
    next: whatToDo(text),
  });
};

/** Advice for the text of a server program that failed. */
export const whatToDo = (text: string): string => {
  if (/ENOSPC|No space left|could not extend/i.test(text)) return 'Free some disk space, then run the same command again.';
  if (/spawn.*ENOENT/.test(text)) {
    return 'The programs need glibc: on a musl system (Alpine), name a server instead with --remote=<url>.';
  }
  if (/EPERM|EACCES|EROFS|Permission denied/i.test(text)) return 'Check the owner of .supasnap/, or name a server with --remote=<url>.';
  return 'Run db-doctor for what is missing, or name a server with --remote=<url>.';
};

const checkVersion = (files: ServerFiles, major: number): void => {
  const version = Number.parseInt(readFileSync(join(files.data, 'PG_VERSION'), 'utf8'), 10);
  if (version === major) return;
  throw failed('embedded_failed', `The data in ${files.folder} belongs to PostgreSQL ${version}, not ${major}.`, {
    state: 'Nothing was changed.',
    next: `Use PostgreSQL ${version}, or move that folder away to begin anew.`,
  });
};

const checkSpace = (files: ServerFiles): void => {
  const { bavail, bsize } = statfsSync(dirname(files.data));
  if (bavail * bsize >= leastFreeBytes) return;
  throw failed('disk_full', 'The disk is too full for an embedded PostgreSQL.', {
    detail: [`${Math.floor((bavail * bsize) / 1024 / 1024)} MB are free at ${dirname(files.data)}, 200 MB are needed.`],
    state: 'Nothing was changed.',
    next: 'Free some disk space, then run the same command again.',
  });
};
