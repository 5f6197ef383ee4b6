import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { completeRun, readHistory, recordApplied, recordRun } from '../src/history/history.ts';
import { historyStatements } from '../src/migration/statements.ts';
import { snapshotId, type Manifest } from '../src/snapshot/manifest.ts';
import { captureState, type CapturedState } from '../src/snapshot/state.ts';
import { keepInTarget, listSnapshots, noteKept } from '../src/snapshot/store.ts';
import { writeSnapshot } from '../src/snapshot/take.ts';
import { withClient } from '../src/target/connection.ts';
import { settingsFromUrl } from '../src/target/url.ts';
import { usageOf, type Usage } from './clock.ts';
import { createProject, type BenchProject } from './project.ts';
import type { BenchServer } from './server.ts';
import { manyTables, smallChange } from './tables.ts';

/** What the folder and the target hold after so many migrations, in bytes, and what reading it takes. */
export interface Manifests {
  migrations: number;
  tables: number;
  folder: { manifests: number; bytes: number };
  /** By table, and by column as it is stored. */
  target: Record<string, number>;
  usage: Record<string, Usage>;
}

/** The first and the last migration are real; those between are recorded as if they had been applied, each with the snapshots around it. */
export const manifests = async (root: string, server: BenchServer, count: number, tables = 60): Promise<Manifests> => {
  const url = await server.createDatabase('manifests');
  const folder = join(server.folder, 'manifests');
  const project = createProject(root, folder, url);
  project.write(1, manyTables(tables));
  await project.run('db-migrate');
  const settings = settingsFromUrl(url, 'the bench server');
  const snapshots = join(folder, 'supabase', 'snapshots');
  await withClient(settings, async (client) => {
    const { rows } = await client.query<{ version: number }>("select current_setting('server_version_num')::int as version");
    const state = await captureState(client, settings, { pgDump: 'bundled', serverVersionNum: rows[0]!.version, lockWaitMs: 10_000 });
    await fabricate(client, project, snapshots, state, count - 2);
  });
  project.write(count, smallChange(1));
  await project.run('db-migrate');
  const usage = {
    status: await usageOf(() => project.command('db-status')),
    'rollback --list': await usageOf(() => project.command('db-rollback', '--list')),
    'rollback --steps 1 --dry-run': await usageOf(() => project.command('db-rollback', '--steps', '1', '--dry-run')),
  };
  const files = readdirSync(snapshots).filter((name) => name.endsWith('.json'));
  return {
    migrations: count,
    tables,
    folder: { manifests: files.length, bytes: files.reduce((total, name) => total + statSync(join(snapshots, name)).size, 0) },
    target: await withClient(settings, sizes),
    usage,
  };
};

/** In the words of their types, as migrate does it. */
async function fabricate(client: pg.Client, project: BenchProject, folder: string, state: CapturedState, count: number): Promise<void> {
  const history = await readHistory(client);
  const known = await listSnapshots(client, folder, true);
  const [run] = history.runs;
  const applied = history.applied.map(({ version, name }) => ({ version, name }));
  const keep = async (name: string, predecessor?: Manifest): Promise<Manifest> => {
    const manifest = await writeSnapshot(folder, known, state, {
      name,
      takenAt: new Date(),
      serverVersion: '17',
      database: 'manifests',
      applied,
      ...(predecessor ? { predecessor } : {}),
      provenance: { gitCommit: null, who: 'bench' },
    });
    await keepInTarget(client, manifest, state, state);
    noteKept(known, manifest, state);
    return manifest;
  };
  for (let n = 2; n < count + 2; n++) {
    const text = `select ${n};\n`;
    const [version = '', name = ''] = /(\d+)_([^/]+)\.sql$/.exec(project.write(n, text))!.slice(1);
    await client.query('begin');
    const before = await keep(`v0.${n}.0_${version}`);
    await recordApplied(client, { version, name, statements: historyStatements(text), rollback: run!.statements ?? [] }, undefined);
    const id = await recordRun(client, {
      ...run!,
      version,
      name,
      statements: historyStatements(text),
      snapshotBefore: snapshotId(before),
      snapshotAfter: null,
    });
    applied.push({ version, name });
    const after = await keep(`v0.${n}.0_${version}_after`, before);
    await completeRun(client, id, { status: 'done', snapshotAfter: snapshotId(after) });
    await client.query('commit');
  }
}

async function sizes(client: pg.Client): Promise<Record<string, number>> {
  const { rows: columns } = await client.query<{ relation: string; columns: string[] }>(
    `select relname as relation, array_agg(attname::text order by attnum) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid
     where relnamespace = 'supabase_migrations'::regnamespace and relname in ('supasnap_snapshots', 'supasnap_runs', 'supasnap_states', 'schema_migrations')
       and attnum > 0 and not attisdropped group by relname order by relname`,
  );
  const found: Record<string, number> = {};
  for (const { relation, columns: names } of columns) {
    const sums = names.map((name) => `coalesce(sum(pg_column_size(${name})), 0)::float8 as ${name}`);
    const { rows } = await client.query<Record<string, number>>(
      `select pg_total_relation_size('supabase_migrations.${relation}')::float8 as "total size", ${sums.join(', ')} from supabase_migrations.${relation}`,
    );
    for (const [name, bytes] of Object.entries(rows[0]!)) found[`${relation}.${name}`] = bytes;
  }
  const { rows } = await client.query<{ bytes: number }>(
    'select sum(octet_length(manifest::text))::float8 as bytes from supabase_migrations.supasnap_snapshots',
  );
  return { ...found, 'supasnap_snapshots.manifest as text': rows[0]!.bytes };
}

export const renderManifests = ({ migrations, tables, folder, target, usage }: Manifests): string =>
  [
    `${migrations} migrations on ${tables} tables: ${folder.manifests} manifests, ${size(folder.bytes)} in the folder.`,
    '',
    '| in the target | size |',
    '|---|---:|',
    ...Object.entries(target).flatMap(([name, bytes]) => (bytes >= 100_000 ? [`| ${name} | ${size(bytes)} |`] : [])),
    '',
    '| command | CPU | memory |',
    '|---|---:|---:|',
    ...Object.entries(usage).map(([name, { cpuMs, peakBytes }]) => `| ${name} | ${Math.round(cpuMs)} ms | ${size(peakBytes)} |`),
  ].join('\n');

const size = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;
