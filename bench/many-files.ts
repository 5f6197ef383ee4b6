import { join } from 'node:path';
import type { ByHand } from './by-hand.ts';
import { inTurns, type Measured, timeProcess } from './clock.ts';
import { createProject } from './project.ts';
import type { BenchServer } from './server.ts';
import { manyTables, smallChange, undoSmallChange } from './tables.ts';
import { writeFileSync } from 'node:fs';

/** Many small files in one call, status when all are applied, and undoing the newest. */
export const manyFiles = async (root: string, server: BenchServer, hand: ByHand, runs: number, count: number): Promise<Measured[]> => {
  const url = await server.createDatabase('files');
  const handUrl = await server.createDatabase('files_by_hand');
  const project = createProject(root, join(server.folder, 'files'), url);
  const files = [manyTables(10), ...Array.from({ length: count - 1 }, (_, n) => changeOf(n))].map((sql, n) => project.write(n + 1, sql));

  const applied = await inTurns(
    `${count} small files in one call`,
    `${hand.sqlTool} per file`,
    1,
    () => project.run('db-migrate'),
    async () => {
      let total = 0;
      for (const file of files) total += await hand.runFile(handUrl, file);
      return total;
    },
  );
  const status = await inTurns(`status with ${count} applied`, 'node -e 0', Math.max(runs, 5), () => project.run('db-status'), startNode);
  const undone = await inTurns(
    `undo one of ${count}`,
    `${hand.sqlTool} -1 -f down.sql`,
    runs,
    () => project.run('db-rollback', '--steps', '1'),
    async (run) => {
      const down = join(server.folder, 'down.sql');
      writeFileSync(down, undoOf(count - 2 - run));
      return hand.runFile(handUrl, down, true);
    },
  );
  return [applied, status, undone];
};

/** How long a bare start of Node takes. */
export const startNode = () => timeProcess(process.execPath, ['-e', '0']);

/** Each file changes one of ten tables in its own way. */
export const changeOf = (n: number) => renumber(smallChange(n), n);
const undoOf = (n: number) => renumber(undoSmallChange(n), n);
const renumber = (sql: string, n: number) => sql.replaceAll(`public.item_${n} `, `public.item_${(n % 10) + 1} `);
