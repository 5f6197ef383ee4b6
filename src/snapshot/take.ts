import type pg from 'pg';
import { readDefinitions } from './definitions.ts';
import type { Provenance } from '../project.ts';
import { toolVersion } from '../version.ts';
import { describeApplied } from './applied.ts';
import { catalogCheck } from './catalog-check.ts';
import { versionChanges } from './cluster-facts.ts';
import { factDifferences, type Facts } from './facts.ts';
import { readIdentity } from './identity.ts';
import { snapshotId, type AppliedVersion, type Manifest } from './manifest.ts';
import { settlePlatform } from './platform-part.ts';
import { captureState, companionOf, readSession, readSummary, type CaptureOptions, type CapturedState } from './state.ts';
import { lastKept, loadSnapshot, nextCopy, writeSnapshotFiles, type StoredSnapshot } from './store.ts';
import type { ConnectionSettings } from '../target/connection.ts';

/** The present state, and how it compares with the last snapshot kept in the target. */
export interface Present {
  state: CapturedState;
  /** The last snapshot, when there is one. */
  last?: StoredSnapshot;
  /** What changed since then; empty when nothing did. */
  drift: string[];
  /** What the platform changed of its own since then: no drift. */
  platform?: string[];
}

/** Reads the present state: taken over from the last snapshot when the catalog is still the one of then, else dumped. */
export async function readPresent(
  client: pg.Client,
  settings: ConnectionSettings,
  known: StoredSnapshot[],
  folder: string,
  options: CaptureOptions,
): Promise<Present> {
  const last = lastKept(known);
  if (last?.catalogCheck !== undefined && last.catalogCheck === (await catalogCheck(client))) {
    // Jobs, queues and buckets change without a trace in the catalog, and another login may be at work.
    const { definitions: _, ...state } = await loadSnapshot(client, folder, last);
    const definitions = await readDefinitions(client);
    const summary = await readSummary(client);
    return {
      state: {
        ...state,
        session: await readSession(client),
        catalogCheck: last.catalogCheck,
        identity: await readIdentity(client),
        pgDump: last.manifest.pgDump,
        ...summary,
        ...(definitions ? { definitions } : {}),
      },
      last,
      drift: [],
    };
  }
  const state = await captureState(client, settings, options);
  if (!last) return { state, drift: [] };
  return { state, last, ...driftSince((await loadSnapshot(client, folder, last)).facts, state.facts) };
}

/** How the facts differ from those of a snapshot, without what the platform changed of its own. */
export function driftSince(then: Facts, now: Facts): { drift: string[]; platform: string[] } {
  const { facts, changed } = settlePlatform(then, now);
  return {
    drift: [
      ...factDifferences(facts, now),
      ...versionChanges(facts.cluster, now.cluster).map(({ name, from, to }) => `changed: extension ${name} (version ${from}, now ${to})`),
    ],
    platform: changed,
  };
}

export interface SnapshotInput {
  name: string;
  takenAt: Date;
  serverVersion: string;
  database: string;
  applied: AppliedVersion[];
  /** The snapshot that the target is in before; none: the last one that it keeps. */
  predecessor?: Manifest;
  provenance: Provenance;
}

/** Writes a snapshot of the state under its name, or finds that the newest one of that name is equal. Gives its manifest. */
export async function writeSnapshot(
  folder: string,
  known: StoredSnapshot[],
  state: CapturedState,
  input: SnapshotInput,
): Promise<Manifest> {
  const applied = describeApplied(input.applied, input.predecessor ?? lastKept(known)?.manifest, known);
  const { copy, exists } = nextCopy(known, input.name, state, applied.applied);
  const earlier = exists ? known.find(({ manifest }) => manifest.name === input.name && manifest.copy === copy) : undefined;
  const taken: Manifest = earlier?.manifest ?? {
    format: 1,
    name: input.name,
    copy,
    sha256: state.sha256,
    factsSha256: companionOf(state).sha256,
    takenAt: input.takenAt.toISOString(),
    serverVersion: input.serverVersion,
    pgDump: state.pgDump,
    ...applied,
    counts: state.counts,
    databaseBytes: state.databaseBytes,
    database: input.database,
    gitCommit: input.provenance.gitCommit,
    who: input.provenance.who,
    toolVersion,
  };
  // One that lies in the folder alone may be another database's, with a predecessor that this target never was in.
  const manifest = earlier && !earlier.inTarget ? { ...taken, ...applied } : taken;
  await writeSnapshotFiles(folder, manifest, state);
  if (!earlier) known.push({ id: snapshotId(manifest), manifest, inFolder: true, inTarget: false });
  return manifest;
}
