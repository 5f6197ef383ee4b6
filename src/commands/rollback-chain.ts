import { join, relative } from 'node:path';
import { isTakenOver, type Run } from '../history/history.ts';
import { isGenerated, readHandWritten } from '../transition/rollback-file.ts';

/** The rollback of one migration, as it lies in the folder or as the target keeps it. */
export interface ChainLink {
  version: string;
  /** The path to show. */
  file: string;
  text: string;
  byHand: boolean;
}

/** The rollbacks of the undone migrations, newest first; undefined when one of them has none. */
export async function rollbackChain(folder: string, workdir: string, undone: string[], runs: Run[]): Promise<ChainLink[] | undefined> {
  const links: ChainLink[] = [];
  for (const version of undone) {
    const path = join(folder, `${version}_rollback.sql`);
    const run = runs.filter((one) => one.kind === 'migrate' && one.version === version).at(-1);
    // What came along with another tool's migration nobody has proven: without its file a way is planned.
    const stored = run && !isTakenOver(run) ? (run.rollbackSql ?? undefined) : undefined;
    const written = await readHandWritten(path);
    const text = written ?? stored;
    if (text === undefined) return undefined;
    links.push({ version, file: relative(workdir, path), text, byHand: written !== undefined || !isGenerated(text) });
  }
  return links;
}
