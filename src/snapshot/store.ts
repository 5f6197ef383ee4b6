import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type pg from 'pg';
import { failed, refused } from '../errors.ts';
import { requireSpace, writeFileAtomic } from '../atomic-file.ts';
import { checkManifest, snapshotId, type Manifest } from './manifest.ts';
import type { Identity } from './identity.ts';
import { companionOf, sha256, stateOf, unpack, type Anchor, type State } from './state.ts';

/** A snapshot as it lies in the folder and in the target. */
export interface StoredSnapshot {
  id: string;
  manifest: Manifest;
  /** Where copies of it are. */
  inFolder: boolean;
  inTarget: boolean;
  /** What the folder holds under the same name of another state: another database's, or another deployer's. */
  aside?: Manifest;
  /** Only of snapshots in the target: what the catalog was at that moment. */
  catalogCheck?: string;
  /** Only of snapshots in the target: their order by when they were last its state. */
  kept?: number;
  /** Only of snapshots that were rebuilt just now, and may be nowhere yet. */
  held?: { state: State; identity: Identity };
}

/** The snapshot that was the target's state last; it may have been taken long ago, and reached again by a rollback. */
export const lastKept = (known: StoredSnapshot[]): StoredSnapshot | undefined =>
  known.reduce<StoredSnapshot | undefined>((last, one) => ((one.kept ?? 0) > (last?.kept ?? 0) ? one : last), undefined);

export const snapshotFiles = (folder: string, id: string) => ({
  sql: join(folder, `${id}.sql`),
  facts: join(folder, `${id}.facts.json.gz`),
  manifest: join(folder, `${id}.json`),
});

/** All snapshots known, oldest first; those of the folder and those of the target are the same ones. */
export async function listSnapshots(client: pg.Client, folder: string, ours: boolean): Promise<StoredSnapshot[]> {
  const found = new Map<string, StoredSnapshot>();
  const rows = ours
    ? (
        await client.query<{ manifest: Manifest; catalog_check: string }>(
          'select manifest, catalog_check from supabase_migrations.supasnap_snapshots order by taken_at, id',
        )
      ).rows
    : [];
  for (const [index, { manifest, catalog_check }] of rows.entries()) {
    checkManifest(manifest, 'The manifest of a snapshot in the target');
    // A rebuilt one was the target's state before any tool of ours looked at it.
    const seen = manifest.rebuilt ? {} : { catalogCheck: catalog_check, kept: index + 1 };
    found.set(snapshotId(manifest), { id: snapshotId(manifest), manifest, inFolder: false, inTarget: true, ...seen });
  }
  for (const manifest of await readManifests(folder)) {
    const id = snapshotId(manifest);
    const known = found.get(id);
    // Under the same name may lie what another database was.
    if (known && !sameState(known.manifest, manifest)) known.aside = manifest;
    else if (known) known.inFolder = existsSync(snapshotFiles(folder, id).sql);
    else found.set(id, { id, manifest, inFolder: true, inTarget: false });
  }
  return [...found.values()].sort((a, b) =>
    a.manifest.takenAt < b.manifest.takenAt ? -1 : a.manifest.takenAt > b.manifest.takenAt ? 1 : 0,
  );
}

/** The state of a snapshot, from the folder when it is there and whole, else from the target. */
export async function loadSnapshot(client: pg.Client, folder: string, snapshot: StoredSnapshot): Promise<State> {
  if (snapshot.held) return snapshot.held.state;
  const files = snapshotFiles(folder, snapshot.id);
  if (existsSync(files.sql) && !(snapshot.inTarget && (await isOfAnother(files.manifest, snapshot)))) {
    const sql = await readFile(files.sql, 'utf8');
    if (sha256(sql) !== snapshot.manifest.sha256) throw edited(files.sql, snapshot);
    if (existsSync(files.facts)) {
      const packed = await readFile(files.facts);
      const companion = unpack(packed);
      if (companion === undefined || sha256(companion) !== snapshot.manifest.factsSha256) throw edited(files.facts, snapshot);
      return stateOf(sql, packed, companion) ?? refuseFacts(files.facts, snapshot);
    }
  }
  if (!snapshot.inTarget) {
    throw failed(
      'snapshot_damaged',
      `Snapshot ${snapshot.id} is incomplete: ${existsSync(files.sql) ? files.facts : files.sql} is missing, and the target holds no copy.`,
      {
        state: 'Nothing was changed.',
        next: 'Restore that file from version control, or choose another snapshot: npx supasnap rollback --list',
      },
    );
  }
  return loadFromTarget(client, snapshot);
}

const sameState = (a: Manifest, b: Manifest): boolean => a.sha256 === b.sha256 && a.factsSha256 === b.factsSha256;

/** Whether the folder holds, under the same name, a snapshot of another state: another database's, or another deployer's. */
async function isOfAnother(path: string, { manifest }: StoredSnapshot): Promise<boolean> {
  const found = await readFile(path, 'utf8')
    .then((text) => checkManifest(parseManifest(text, path), path))
    .catch(() => undefined);
  return found !== undefined && !sameState(manifest, found);
}

/** Which object was which at the time of a snapshot; only the target itself knows. */
export async function loadIdentity(client: pg.Client, snapshot: StoredSnapshot): Promise<Identity | undefined> {
  if (snapshot.held) return snapshot.held.identity;
  if (!snapshot.inTarget) return undefined;
  const { rows } = await client.query<{ identity_gz: Buffer }>(
    'select identity_gz from supabase_migrations.supasnap_snapshots where name = $1 and copy = $2',
    [snapshot.manifest.name, snapshot.manifest.copy],
  );
  const text = unpack(rows[0]?.identity_gz);
  return text === undefined ? undefined : (JSON.parse(text) as Identity);
}

async function loadFromTarget(client: pg.Client, snapshot: StoredSnapshot): Promise<State> {
  const { rows } = await client.query<{ sql_gz: Buffer; facts_gz: Buffer }>(
    'select sql_gz, facts_gz from supabase_migrations.supasnap_states where sha256 = $1',
    [stateKey(snapshot.manifest)],
  );
  const [sql, companion] = [unpack(rows[0]?.sql_gz), unpack(rows[0]?.facts_gz)];
  if (
    sql === undefined ||
    companion === undefined ||
    sha256(sql) !== snapshot.manifest.sha256 ||
    sha256(companion) !== snapshot.manifest.factsSha256
  ) {
    throw refused('snapshot_damaged', `The copy of snapshot ${snapshot.id} in the target is damaged: its checksum does not match.`, {
      state: 'Nothing was changed.',
      next: 'Choose another snapshot: npx supasnap rollback --list',
    });
  }
  return stateOf(sql, rows[0]!.facts_gz, companion) ?? refuseFacts(`The copy in the target of snapshot ${snapshot.id}`, snapshot);
}

/** Notes that a snapshot is the target's last state by now. To be called after COMMIT. */
export function noteKept(known: StoredSnapshot[], manifest: Manifest, { catalogCheck }: Anchor): void {
  const kept = (lastKept(known)?.kept ?? 0) + 1;
  const one = known.find(({ id }) => id === snapshotId(manifest));
  if (one) Object.assign(one, { manifest, inTarget: true, catalogCheck, kept });
}

/** Names and numbers a snapshot: the same state with the same migrations as the newest one of that name shares its number. */
export function nextCopy(
  known: StoredSnapshot[],
  name: string,
  state: State,
  applied: Pick<Manifest['applied'], 'sha256'>,
): { copy: number; exists: boolean } {
  const same = known.filter((snapshot) => snapshot.manifest.name === name);
  const newest = same.reduce<StoredSnapshot | undefined>(
    (last, one) => (last && last.manifest.copy > one.manifest.copy ? last : one),
    undefined,
  );
  if (!newest) return { copy: 1, exists: false };
  const { manifest } = newest;
  const equal =
    manifest.applied.sha256 === applied.sha256 && manifest.sha256 === state.sha256 && manifest.factsSha256 === companionOf(state).sha256;
  return equal ? { copy: newest.manifest.copy, exists: true } : { copy: newest.manifest.copy + 1, exists: false };
}

/** Writes the three files of a snapshot, the manifest last: a snapshot without manifest does not count. */
export async function writeSnapshotFiles(folder: string, manifest: Manifest, state: State): Promise<string> {
  const files = snapshotFiles(folder, snapshotId(manifest));
  const companion = companionOf(state).gz;
  await requireSpace(folder, Buffer.byteLength(state.sql) + companion.length + 10_000);
  const write = (path: string, content: string | Buffer) => writeFileAtomic(path, content, { replace: !existsSync(files.manifest) });
  if (!existsSync(files.manifest)) {
    await Promise.all([write(files.sql, state.sql), write(files.facts, companion)]);
    await write(files.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  return files.sql;
}

/** Keeps the snapshot in the target too, as the last one even when a clock was set back. Called inside a transaction; a state already there is stored once. */
export async function keepInTarget(client: pg.Client, manifest: Manifest, state: State, anchor: Anchor): Promise<void> {
  const key = await keepState(client, manifest, state);
  await client.query(
    `insert into supabase_migrations.supasnap_snapshots (name, copy, sha256, manifest, catalog_check, identity_gz, taken_at) values ($1, $2, $3, $4, $5, $6, greatest(clock_timestamp(), (select max(taken_at) + interval '1 microsecond' from supabase_migrations.supasnap_snapshots)))
     on conflict (name, copy) do update set catalog_check = excluded.catalog_check, identity_gz = excluded.identity_gz, taken_at = excluded.taken_at`,
    [manifest.name, manifest.copy, key, JSON.stringify(manifest), anchor.catalogCheck, gzipSync(JSON.stringify(anchor.identity))],
  );
}

/** Keeps a rebuilt snapshot in the target, as one from before all that are there. Called inside a transaction. */
export async function keepRebuilt(
  client: pg.Client,
  manifest: Manifest,
  { state, identity }: { state: State; identity: Identity },
): Promise<void> {
  const key = await keepState(client, manifest, state);
  await client.query(
    `insert into supabase_migrations.supasnap_snapshots (name, copy, sha256, manifest, catalog_check, identity_gz, taken_at) values ($1, $2, $3, $4, 'rebuilt', $5, least(clock_timestamp(), (select min(taken_at) - interval '1 microsecond' from supabase_migrations.supasnap_snapshots)))
     on conflict (name, copy) do nothing`,
    [manifest.name, manifest.copy, key, JSON.stringify(manifest), gzipSync(JSON.stringify(identity))],
  );
}

async function keepState(client: pg.Client, manifest: Manifest, state: State): Promise<string> {
  const key = stateKey(manifest);
  const { rowCount } = await client.query('select from supabase_migrations.supasnap_states where sha256 = $1', [key]);
  if (!rowCount) {
    await client.query(
      'insert into supabase_migrations.supasnap_states (sha256, sql_gz, facts_gz) values ($1, $2, $3) on conflict do nothing',
      [key, gzipSync(state.sql), companionOf(state).gz],
    );
  }
  return key;
}

const stateKey = (manifest: Manifest) => createHash('sha256').update(`${manifest.sha256}/${manifest.factsSha256}`).digest('hex');

async function readManifests(folder: string): Promise<Manifest[]> {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory())
    throw refused('snapshot_damaged', `${folder} is not a folder.`, {
      state: 'Nothing was changed.',
      next: 'Move that file away; snapshots are kept in a folder of this name.',
    });
  const manifests: Manifest[] = [];
  for (const name of (await readdir(folder)).filter((entry) => entry.endsWith('.json') && !entry.startsWith('.'))) {
    const path = join(folder, name);
    const manifest = checkManifest(parseManifest(await readFile(path, 'utf8'), path), path);
    if (name !== `${snapshotId(manifest)}.json`) {
      throw refused('snapshot_damaged', `${path} is the manifest of another snapshot: ${snapshotId(manifest)}.`, {
        state: 'Nothing was changed.',
        next: 'Give it its own name again, or move it away.',
      });
    }
    manifests.push(manifest);
  }
  return manifests;
}

function parseManifest(text: string, path: string): Manifest {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    throw refused('snapshot_damaged', `${path} is not a manifest: it is not valid JSON.`, {
      state: 'Nothing was changed.',
      next: `Restore it from version control, or move it away: the target holds a copy.`,
    });
  }
}

function refuseFacts(what: string, snapshot: StoredSnapshot): never {
  throw refused(
    'snapshot_damaged',
    `${what} does not hold the facts of ${snapshot.id}, but of another state, or in a form that this version can't read.`,
    {
      state: 'Nothing was changed.',
      next: 'Restore the files of that snapshot from version control, or choose another one: npx supasnap rollback --list',
    },
  );
}

const edited = (path: string, snapshot: StoredSnapshot) =>
  refused('snapshot_damaged', `${path} is not what was written: its sha256 no longer matches the manifest of ${snapshot.id}.`, {
    state: 'Nothing was changed.',
    next: snapshot.inTarget
      ? 'Restore the file from version control, or move it away: the copy kept in the target is then used.'
      : 'Restore the file from version control.',
  });
