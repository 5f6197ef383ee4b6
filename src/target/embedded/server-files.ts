import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, type Place } from './place.ts';

/** The files of one embedded server. */
export interface ServerFiles {
  folder: string;
  data: string;
  log: string;
  lock: string;
  secrets: string;
}

/** What is remembered between starts: in a file that only its owner can read. */
export interface ServerSecrets {
  port: number;
  password: string;
  /** Where the data is, when it is not beside this file. */
  data?: string;
}

const largestLog = 10 * 1024 * 1024;

/** Names the files of a server and makes their folder. Without `data`, its data is where it was the last time. */
export const prepareFiles = (place: Place, name: string, data?: string): ServerFiles => {
  const folder = join(place.folder, name);
  const mode = place.account ? 0o755 : 0o700;
  makeFolder(folder, mode);
  const files = {
    folder,
    data: join(folder, 'data'),
    log: join(folder, 'server.log'),
    lock: join(folder, 'starting'),
    secrets: join(folder, 'server.json'),
  };
  const elsewhere = data ?? readSecrets(files)?.data;
  if (!elsewhere) return files;
  makeFolder(dirname(elsewhere), mode);
  return { ...files, data: elsewhere };
};

export const readSecrets = (files: Pick<ServerFiles, 'secrets'>): ServerSecrets | undefined =>
  existsSync(files.secrets) ? JSON.parse(readFileSync(files.secrets, 'utf8')) : undefined;

export const writeSecrets = (files: ServerFiles, secrets: ServerSecrets): void => {
  const temporary = `${files.secrets}.new`;
  writeFileSync(temporary, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  renameSync(temporary, files.secrets);
};

export const newPassword = (): string => randomBytes(24).toString('base64url');

/** The log is kept for one turn when it has grown large. */
export const turnLog = (files: ServerFiles): void => {
  if (existsSync(files.log) && statSync(files.log).size > largestLog) renameSync(files.log, `${files.log}.old`);
};

/** The last lines of the server's log. */
export const logTail = (files: ServerFiles, lines = 8): string[] =>
  existsSync(files.log) ? readFileSync(files.log, 'utf8').trimEnd().split('\n').slice(-lines) : [];
