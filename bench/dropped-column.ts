import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByHand } from './by-hand.ts';
import { inTurns, type Measured } from './clock.ts';
import { createProject } from './project.ts';
import type { BenchServer } from './server.ts';

const layout = `create table public.readings (id bigint generated always as identity primary key, device uuid not null default gen_random_uuid(), note text, taken_at timestamptz not null default now());`;
const drop = 'alter table public.readings drop column note;';

/**
 * One column of a large table dropped and brought back with its values: what `db-migrate` and `db-rollback` do on the target, against
 * CREATE TABLE AS and UPDATE … FROM.
 */
export const droppedColumn = async (root: string, server: BenchServer, hand: ByHand, runs: number, rows: number): Promise<Measured[]> => {
  const fill = `${layout} insert into public.readings (note) select md5(n::text) from generate_series(1, ${rows}) n; vacuum analyze public.readings;`;
  const file = join(server.folder, 'dropped-column.sql');
  writeFileSync(
    file,
    `begin; create table public.kept as select id, note from public.readings; ${drop} commit;
begin; alter table public.readings add column note text; update public.readings r set note = k.note from public.kept k where k.id = r.id; drop table public.kept; commit;\n`,
  );
  const prepare = async (name: string) => {
    const url = await server.createDatabase(name);
    for (const sql of fill.split(/(?<=;) (?=insert|vacuum)/)) await server.runSql(name, sql);
    return url;
  };
  const onTarget = async (run: number) => {
    const name = `column_${run}`;
    const project = createProject(root, join(server.folder, 'column'), await prepare(name));
    project.write(1, drop);
    const { applied } = await project.ask<{ applied: { durationMs: number }[] }>('db-migrate');
    const { done } = await project.ask<{ done: { durationMs: number } }>('db-rollback', '--steps', '1');
    await server.dropDatabase(name);
    return applied[0]!.durationMs + done.durationMs;
  };
  const byHand = async (run: number) => {
    const name = `column_by_hand_${run}`;
    const time = await hand.runFile(await prepare(name), file);
    await server.dropDatabase(name);
    return time;
  };
  return [
    await inTurns(
      `a column of ${rows.toLocaleString('en-US')} rows dropped and brought back, time on the target`,
      `${hand.sqlTool}: CREATE TABLE AS, DROP COLUMN, ADD COLUMN, UPDATE … FROM`,
      runs,
      onTarget,
      byHand,
    ),
  ];
};
