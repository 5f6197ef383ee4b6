import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { withClient } from '../../src/target/connection.ts';
import { type Site, urlOf } from './site.ts';

/** Files by their path in the project. */
export type Files = Record<string, string>;

/** The binary of dbmate; undefined on a machine for which its package has none. */
export const dbmateBinary = (() => {
  const require = createRequire(import.meta.url);
  try {
    const path = join(dirname(require.resolve(`@dbmate/${process.platform}-${process.arch}/package.json`)), 'bin', 'dbmate');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
})();

/** Runs dbmate itself on the site's database, with the files in db/migrations. */
export async function dbmate(site: Site, ...words: string[]): Promise<string> {
  const { stdout } = await execa(dbmateBinary!, ['--url', `${urlOf(site.database)}?sslmode=disable`, '--no-dump-schema', ...words], {
    cwd: site.project.folder,
    extendEnv: false,
    env: { PATH: process.env.PATH },
  });
  return stdout;
}

/** A file as a runner would record it. */
export interface Ran {
  number: number;
  fileName: string;
  sha256: string;
  md5: string;
  at: string;
}

/** Runs numbered files of a folder as a small runner of its own does, and fills its table, which it makes by `create`. */
export async function runNumbered(
  { database }: Site,
  files: Files,
  { create, insert }: { create: string; insert: (file: Ran) => string },
): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(create);
    for (const [path, sql] of Object.entries(files)) {
      const fileName = path.split('/').at(-1)!;
      const number = Number.parseInt(fileName, 10);
      const hash = (kind: string) => createHash(kind).update(sql).digest('hex');
      await client.query(sql);
      await client.query(insert({ number, fileName, sha256: hash('sha256'), md5: hash('md5'), at: `2024-03-0${number} 10:00:00+00` }));
    }
  });
}
