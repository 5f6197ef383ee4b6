import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByHand } from './by-hand.ts';
import { inTurns, type Measured } from './clock.ts';
import { createProject } from './project.ts';
import type { BenchServer } from './server.ts';
import { manyTables, smallChange } from './tables.ts';

/** One small migration on many tables, with a fresh shadow and with a warm one, against dump, psql, dump. */
export const oneFile = async (root: string, server: BenchServer, hand: ByHand, runs: number, tables: number): Promise<Measured[]> => {
  const url = await server.createDatabase('tables');
  await server.runSql('tables', manyTables(tables));
  const handUrl = await server.createDatabase('tables_by_hand', 'tables');
  const project = createProject(root, join(server.folder, 'tables'), url);
  const files = join(server.folder, 'by-hand');
  mkdirSync(files);

  let ourFile = 0;
  const migrate = () => {
    ourFile += 1;
    project.write(ourFile, smallChange(ourFile));
    return project.run('db-migrate');
  };
  let handFile = 0;
  const dumpRunDump = async () => {
    handFile += 1;
    const file = join(files, `${handFile}.sql`);
    writeFileSync(file, smallChange(handFile));
    return (await hand.dump(handUrl)) + (await hand.runFile(handUrl, file)) + (await hand.dump(handUrl));
  };
  const by = `${hand.dumpTool}; ${hand.sqlTool}; dump again`;
  const cold = await inTurns(
    `one file on ${tables} tables, cold`,
    by,
    runs,
    () => {
      project.forgetShadow();
      return migrate();
    },
    dumpRunDump,
  );
  const warm = await inTurns(`one file on ${tables} tables, warm`, by, runs, migrate, dumpRunDump);
  return [cold, warm];
};
