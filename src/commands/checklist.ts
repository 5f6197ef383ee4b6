import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { Problem } from '../errors.ts';
import type { Evidence } from '../history/evidence.ts';
import { hasHistory } from '../history/history.ts';
import { findNamed, readLocal, type LocalFile } from '../migration/choose.ts';
import { listSnapshots } from '../snapshot/store.ts';
import { readPresent } from '../snapshot/take.ts';
import { embedded, runningStack } from '../target/resolve.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { captureOptions } from './present.ts';
import { askDatabase, askEnvironment, type Testimony } from './promotion.ts';
import { minute, readWindow } from './window.ts';

/** One fact of the list. */
export interface ChecklistItem {
  item: string;
  /** Null where it is not asked for, so that it stands in nobody's way. */
  ok: boolean | null;
  /** ISO 8601 in UTC; null where it has not happened. */
  when: string | null;
  text: string;
  /** The next command, or what to do; only where `ok` is false. */
  next?: string;
}

/** What a migration has behind it. Nothing in it is a promise: migrate looks at everything again. */
export interface Checklist {
  file: string;
  sha256: string;
  target: string;
  /** When it was applied on the target itself; null when it is not. */
  appliedAt: string | null;
  items: ChecklistItem[];
  /** No item says no. */
  ready: boolean;
}

/** Reads what is known of a migration on this machine, on the environments before the target, and on the target. Nothing is changed. */
export function checklist(context: Context, file: string): Promise<Checklist> {
  const { config } = context;
  const { workdir, folders, settings } = config;
  return withTarget(context, async (session) => {
    const options = { workdir, folder: folders.migrations, requireVersion: settings.requireVersion, now: context.now() };
    const migration = findNamed(file, (await readLocal(options)).local, options);
    const { target } = session;
    const places: Place[] = [{ name: 'locally', flag: '--embedded', testimony: await askLocal(context, migration) }];
    for (const name of target.environment?.requires ?? [])
      places.push({ name: `on ${name}`, flag: `--env ${name}`, testimony: await askEnvironment(context, target, name, [migration]) });
    const own = await askDatabase(target, [migration]);
    const items = [
      ...places.map((place) => applied(place, migration)),
      ...(places.length === 1
        ? [
            notAsked(
              'Applied on another environment',
              target.environment ? `${target.name} requires none` : 'the target is no environment of supabase/supasnap.toml',
            ),
          ]
        : []),
      await snapshotItem(context, session, migration),
      proven(places.at(-1)!, migration),
      tested(places.at(-1)!, migration),
      await windowItem(session),
    ];
    return {
      file: migration.label,
      sha256: migration.sha256,
      target: target.name,
      appliedAt: own[0]!.appliedAt,
      items,
      ready: items.every(({ ok }) => ok !== false),
    };
  });
}

interface Place {
  /** "locally", "on staging". */
  name: string;
  flag: string;
  testimony: Testimony | undefined;
}

/** The local stack when it answers, else the embedded server of this project; undefined when there is neither. */
async function askLocal({ config }: Context, migration: LocalFile): Promise<Testimony | undefined> {
  try {
    const stack = await runningStack(config);
    const target = stack ?? (existsSync(join(config.stateFolder, 'embedded', 'target')) ? await embedded(config) : undefined);
    return target && (await askDatabase(target, [migration]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error;
  }
}

/** The one candidate's evidence, or why there is none. */
const evidenceAt = ({ testimony }: Place): Evidence | string =>
  testimony === undefined
    ? 'there is no local database yet'
    : testimony instanceof Problem
      ? `not known: ${testimony.message}`
      : testimony[0]!;

const migrateThere = ({ flag }: Place, { label }: LocalFile) => `npx supasnap migrate ${label} ${flag}`;

function applied(place: Place, migration: LocalFile): ChecklistItem {
  const item = place.flag === '--embedded' ? 'Tried locally' : `Applied ${place.name}`;
  const evidence = evidenceAt(place);
  if (typeof evidence === 'string')
    return no(item, evidence, (place.testimony instanceof Problem && place.testimony.next) || migrateThere(place, migration));
  return evidence.applied
    ? yes(item, evidence.appliedAt, 'with exactly this content')
    : no(item, `it ${evidence.lacks}`, migrateThere(place, migration));
}

function proven(place: Place, migration: LocalFile): ChecklistItem {
  const item = 'Rollback proven';
  const evidence = evidenceAt(place);
  if (typeof evidence !== 'string' && evidence.proven)
    return yes(item, evidence.appliedAt, `${place.name}, and migrate proves it again for its target`);
  return no(
    item,
    typeof evidence !== 'string' && evidence.applied ? `it was applied ${place.name} unproven` : `it has to be applied ${place.name} first`,
    migrateThere(place, migration),
  );
}

function tested(place: Place, migration: LocalFile): ChecklistItem {
  const item = 'Smoke test passed';
  const evidence = evidenceAt(place);
  if (typeof evidence !== 'string' && evidence.tested) return yes(item, evidence.appliedAt, place.name);
  if (typeof evidence === 'string' || !evidence.applied)
    return no(item, `it has to be applied ${place.name} first`, migrateThere(place, migration));
  return no(
    item,
    `it ${evidence.lacks}`,
    `Write supabase/tests/${migration.name.label}_smoke_test.sql; then npx supasnap rollback ${migration.version} ${place.flag}, and migrate again.`,
  );
}

/** A snapshot, here or in the target, that is the target's state as it is now. */
async function snapshotItem(context: Context, session: TargetSession, { label }: LocalFile): Promise<ChecklistItem> {
  const item = 'Snapshot taken';
  const { client, target } = session;
  const { snapshots } = context.config.folders;
  const known = await listSnapshots(client, snapshots, await hasHistory(client));
  const next = `npx supasnap migrate ${label}${flagOf(context)} takes it first of all; it is kept when you then say no.`;
  if (known.length === 0) return no(item, `there is none of ${target.name}`, next);
  const { state } = await readPresent(client, target.settings, known, snapshots, captureOptions(context, session, {}));
  const same = known.findLast(({ manifest }) => manifest.sha256 === state.sha256);
  return same ? yes(item, same.manifest.takenAt, same.id) : no(item, `none is of ${target.name} as it is now`, next);
}

const flagOf = ({ target }: Context) => (target.env === undefined ? '' : ` --env ${target.env}`);

async function windowItem(session: TargetSession): Promise<ChecklistItem> {
  const item = 'Window open';
  const { environment, name } = session.target;
  if (!environment || environment.windows.length === 0) return notAsked(item, `${name} has no deployment window`);
  const { open, now, opens } = await readWindow(session);
  const text = environment.windows.map((window) => window.text).join('; ');
  if (open) return yes(item, now.toISOString(), text);
  return no(
    item,
    `${text}; the server's clock says ${minute(now)}`,
    opens ? `Wait until ${minute(opens)}.` : 'It does not open within eight days: look at "window" in supabase/supasnap.toml.',
  );
}

const yes = (item: string, when: string | null, text: string): ChecklistItem => ({ item, ok: true, when, text });
const no = (item: string, text: string, next: string): ChecklistItem => ({ item, ok: false, when: null, text, next });
const notAsked = (item: string, text: string): ChecklistItem => ({ item, ok: null, when: null, text });
