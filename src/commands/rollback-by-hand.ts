import { join, relative } from 'node:path';
import type { Run } from '../history/history.ts';
import { isGenerated, readHandWritten } from '../transition/rollback-file.ts';

/**
 * The rollbacks of the undone migrations, newest first, when at least one of them was written by hand: then they are run
 * one after the other. Undefined when all were generated, for then one plan leads to the goal directly.
 */
export async function handWrittenChain(folder: string, workdir: string, undone: string[], runs: Run[]): Promise<{ file: string; text: string } | undefined> {
  const parts: { file: string; text: string }[] = [];
  let byHand = false;
  for (const version of [...undone].reverse()) {
    const path = join(folder, `${version}_rollback.sql`);
    const stored = runs.filter((run) => run.kind === 'migrate' && run.version === version).at(-1)?.rollbackSql ?? undefined;
    const written = await readHandWritten(path);
    const text = written ?? stored;
    if (text === undefined) return undefined;
    byHand ||= written !== undefined || !isGenerated(text);
    parts.push({ file: relative(workdir, path), text });
  }
  if (!byHand) return undefined;
  return { file: parts.map(({ file }) => file).join(' + '), text: parts.map(({ text }) => text.trimEnd().replace(/;?$/, ';')).join('\n') };
}
