import { join } from 'node:path';
import { type Measured, inTurns } from './clock.ts';
import { changeOf } from './many-files.ts';
import { type BenchProject, createProject } from './project.ts';
import type { BenchServer } from './server.ts';
import { manyTables, smallChange } from './tables.ts';

/** A checkout as an install has it: the folder with its scripts/ and dist/, and the commit it is at. */
export interface Build {
  root: string;
  commit: string;
}

/**
 * The same commands of two checkouts, each on a database and in a project of its own, in turns. `ours` is this checkout, `hand` the other one.
 * Sizes of tables and numbers of files are those that docs/BENCHMARKS.md speaks of.
 */
export const against = async (server: BenchServer, now: Build, before: Build, runs: number): Promise<Measured[]> => {
  const by = `the same at ${before.commit}`;
  const pair = async (name: string, tables: number): Promise<[BenchProject, BenchProject]> => {
    const projects: BenchProject[] = [];
    for (const [side, { root }] of [now, before].entries()) {
      const database = `${name}_${side}`;
      const url = await server.createDatabase(database);
      if (tables > 0) await server.runSql(database, manyTables(tables));
      projects.push(createProject(root, join(server.folder, database), url));
    }
    return projects as [BenchProject, BenchProject];
  };

  const measured: Measured[] = [];
  for (const tables of [60, 1_000]) {
    const [ours, theirs] = await pair(`tables_${tables}`, tables);
    const migrate = (project: BenchProject, n: number) => {
      project.write(n, smallChange(n));
      return project.run('db-migrate');
    };
    await migrate(ours, 1);
    await migrate(theirs, 1);
    measured.push(
      await inTurns(
        `one file on ${tables} tables, warm`,
        by,
        runs,
        (run) => migrate(ours, run + 2),
        (run) => migrate(theirs, run + 2),
      ),
    );
  }

  const [ours, theirs] = await pair('files', 0);
  const writeUpTo = (project: BenchProject, from: number, to: number) => {
    for (let n = from; n <= to; n++) project.write(n, n === 1 ? manyTables(10) : changeOf(n - 2));
  };
  const both = (name: string, times: number, run: (project: BenchProject) => Promise<number>) =>
    inTurns(
      name,
      by,
      times,
      () => run(ours),
      () => run(theirs),
    );
  for (const project of [ours, theirs]) writeUpTo(project, 1, 60);
  measured.push(await both('60 small files in one call', 1, (project) => project.run('db-migrate')));
  for (const project of [ours, theirs]) writeUpTo(project, 61, 200);
  measured.push(await both('140 more in one call', 1, (project) => project.run('db-migrate')));
  measured.push(await both('status with 200 applied', Math.max(runs, 5), (project) => project.run('db-status')));
  measured.push(await both('undo one of 200', runs, (project) => project.run('db-rollback', '--steps', '1')));
  return measured;
};
