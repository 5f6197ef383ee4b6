import { cpus } from 'node:os';
import { join } from 'node:path';
import { against, type Build } from './against.ts';
import { byHand } from './by-hand.ts';
import { inTurns, median, timeProcess, type Measured } from './clock.ts';
import { droppedColumn } from './dropped-column.ts';
import { manyFiles, startNode } from './many-files.ts';
import { manifests, renderManifests, type Manifests } from './manifests.ts';
import { oneFile } from './one-file.ts';
import { withBenchServer } from './server.ts';

/** Measures, and prints a table; `manifests` only where it is asked for. Both sides are medians of whole processes in milliseconds. With `before` the other side is that checkout. */
export async function bench(now: Build, built: string, words: string[], before?: Build): Promise<void> {
  const { root } = now;
  const option = (name: string, usual: string) => words.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? usual;
  const major = Number(option('major', '17'));
  const runs = Number(option('runs', '3'));
  const only = option('only', 'start-up,one-file,dropped-column,many-files').split(',');
  const hand = await byHand(built, major);

  const { version, measured, sizes } = await withBenchServer(root, major, async (server) => {
    const measured: Measured[] = [];
    if (before) return { version: server.version, measured: await against(server, now, before, runs), sizes: undefined };
    if (only.includes('start-up')) measured.push(await startUp(root, Math.max(runs, 5)));
    if (only.includes('one-file')) measured.push(...(await oneFile(root, server, hand, runs, Number(option('tables', '1000')))));
    if (only.includes('dropped-column'))
      measured.push(...(await droppedColumn(root, server, hand, runs, Number(option('rows', '1000000')))));
    if (only.includes('many-files')) measured.push(...(await manyFiles(root, server, hand, runs, Number(option('files', '200')))));
    const sizes: Manifests | undefined = only.includes('manifests')
      ? await manifests(root, server, Number(option('migrations', '1000')))
      : undefined;
    return { version: server.version, measured, sizes };
  });
  const machine = `PostgreSQL ${version}, Node ${process.versions.node}, ${cpus().length} cores, ${now.commit}`;
  const rows = measured.map(({ name, by, ours, hand }) => ({
    name,
    ours: median(ours),
    by,
    hand: median(hand),
    ratio: median(ours) / median(hand),
    runs: ours.length,
  }));
  if (words.includes('--json')) console.log(JSON.stringify({ machine, rows, measured, ...(sizes ? { sizes } : {}) }, null, 2));
  else {
    if (rows.length > 0) console.log(renderTable(machine, rows, before ? 'before' : 'by hand'));
    if (sizes) console.log(renderManifests(sizes));
  }
}

const startUp = (root: string, runs: number) =>
  inTurns(
    'supasnap --version',
    'node -e 0',
    runs,
    () => timeProcess(process.execPath, [join(root, 'scripts', 'supasnap'), '--version']),
    startNode,
  );

interface Row {
  name: string;
  ours: number;
  by: string;
  hand: number;
  ratio: number;
  runs: number;
}

const renderTable = (machine: string, rows: Row[], other: string): string =>
  [
    `${machine}. Whole processes, medians.`,
    '',
    `| what | supasnap | ${other} | ratio | runs | ${other} is |`,
    '|---|---:|---:|---:|---:|---|',
    ...rows.map(
      ({ name, ours, by, hand, ratio, runs }) =>
        `| ${name} | ${milliseconds(ours)} | ${milliseconds(hand)} | ${ratio.toFixed(2)} | ${runs} | ${by} |`,
    ),
  ].join('\n');

const milliseconds = (time: number) => (time < 10_000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`);
