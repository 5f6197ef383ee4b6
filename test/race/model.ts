import { noteCount, releases, versionOf, written } from './scene.ts';

/** What a round did, in order. What the Supabase CLI does is in no run of ours. */
export interface Event {
  release: number;
  done: 'ours' | 'the CLI' | 'undone';
}

/** A note: its body, its extra where the table has that column, and its mark of each release that added one. */
export type Note = Record<string, unknown> & { id: number; body: string };

export interface State {
  /** The applied releases. */
  applied: number[];
  /** How often each release's ledger entry counted. */
  ledger: Map<number, number>;
  notes: Map<number, Note>;
}

/** What a rollback left as it stood, because its own run had not made it so: the count of its ledger entry, and bodies of notes. */
interface Standing {
  times: number | undefined;
  bodies: Map<number, string>;
}

/**
 * What the tables must hold, from what each file says and from three rules:
 * - A rollback brings back what our own run changed, where nobody changed it since. Of what the CLI ran nothing was kept: its rows stay
 *   deleted and changed, as if users had written them; only its tables and columns go.
 * - Where we apply the same file again, it runs as psql would run it, but for what its last rollback left standing: that ends as it stood
 *   then, if it is unchanged since. A table that went with the rollback comes back as it stood.
 * - Where the CLI applies it again, it runs as psql would run it, on all that is there.
 */
export class Model {
  readonly state: State = { applied: [], ledger: new Map(), notes: new Map() };
  readonly events: Event[] = [];
  /** The rows around each of our own runs that is not undone. */
  private readonly kept = new Map<number, { before: State; after: State }>();
  /** What the last rollback of each release left standing, until the release is applied again. */
  private readonly standing = new Map<number, Standing>();
  /** What the rollback of the first release took with its tables, until that release is applied again. */
  private away: Pick<State, 'ledger' | 'notes'> | undefined;

  isApplied(release: number): boolean {
    return this.state.applied.includes(release);
  }

  /** A user writes a note; on the tables of a release, its body holds no mark of those before. */
  write(): void {
    this.state.notes.set(written, { id: written, body: 'late', ...this.columns() });
  }

  do(release: number, by: 'ours' | 'the CLI'): void {
    if (this.isApplied(release)) throw new Error(`v0.${release}.0 was done twice: ${this.told()}`);
    if (this.state.applied.length !== release - 1) throw new Error(`v0.${release}.0 was done before its turn: ${this.told()}`);
    const before = structuredClone(this.state);
    this.run(release, by);
    if (by === 'ours') this.kept.set(release, { before, after: structuredClone(this.state) });
    this.events.push({ release, done: by });
  }

  undo(release: number): void {
    if (this.state.applied.at(-1) !== release) throw new Error(`v0.${release}.0 was undone out of turn: ${this.told()}`);
    const { ledger, notes, applied } = this.state;
    const kept = this.kept.get(release);
    applied.pop();
    this.events.push({ release, done: 'undone' });
    this.kept.delete(release);
    if (release === 1) {
      this.away = structuredClone({ ledger, notes });
      notes.clear();
      ledger.clear();
      return;
    }
    const then = structuredClone({ ledger, notes });
    for (const note of notes.values()) {
      delete note[`added_${release}`];
      if (release === 3) note.extra = null;
    }
    if (kept) this.putBack(release, kept);
    this.standing.set(release, {
      times: ledger.get(release) === then.ledger.get(release) ? ledger.get(release) : undefined,
      bodies: new Map([...notes].flatMap(([id, { body }]) => (then.notes.get(id)?.body === body ? [[id, body] as const] : []))),
    });
  }

  private putBack(release: number, { before, after }: { before: State; after: State }): void {
    const { ledger, notes } = this.state;
    if (ledger.get(release) === after.ledger.get(release)) {
      const times = before.ledger.get(release);
      if (times === undefined) ledger.delete(release);
      else ledger.set(release, times);
    }
    for (const [id, old] of before.notes) {
      const made = after.notes.get(id);
      const now = notes.get(id);
      if (!made) notes.set(id, old);
      else if (now) {
        if (now.body === made.body) now.body = old.body;
        if (release === 3) now.extra = old.extra;
      }
    }
  }

  told(): string {
    return (
      this.events.map(({ release, done }) => `v0.${release}.0 ${done === 'undone' ? done : `by ${done}`}`).join(', ') || 'nothing was done'
    );
  }

  /** What the file of a release does, as its SQL says, and what stays of it where we apply it again. */
  private run(release: number, by: 'ours' | 'the CLI'): void {
    const { ledger, notes, applied } = this.state;
    const standing = by === 'ours' ? this.standing.get(release) : undefined;
    this.standing.delete(release);
    applied.push(release);
    if (release === 1) {
      const away = by === 'ours' ? this.away : undefined;
      this.away = undefined;
      for (let id = 1; id <= noteCount && !away; id++) notes.set(id, { id, body: `note ${id}`, extra: `extra ${id}` });
      for (const [id, note] of away?.notes ?? []) notes.set(id, note);
      for (const [of, times] of away?.ledger ?? [[1, 1]]) ledger.set(of, times);
      return;
    }
    const times = ledger.get(release);
    if (times === undefined || times !== standing?.times) ledger.set(release, (times ?? 0) + 1);
    for (const [id, note] of notes) {
      if (id % 7 === release) {
        notes.delete(id);
        continue;
      }
      if (standing?.bodies.get(id) !== note.body) note.body += ` +${release}`;
      note[`added_${release}`] = release;
      if (release === 3) delete note.extra;
    }
  }

  private columns(): Record<string, unknown> {
    return {
      ...(this.isApplied(3) ? {} : { extra: null }),
      ...Object.fromEntries(this.state.applied.slice(1).map((release) => [`added_${release}`, release])),
    };
  }
}

/** A run of ours as supasnap_runs tells it. */
export interface OurRun {
  kind: string;
  version: string | null;
  undone: string[] | null;
  restored: string[] | null;
}

/** What the CLI says it applied; not sure is what it was at when it failed. */
export interface Told {
  release: number;
  sure: boolean;
}

/**
 * Follows a round: our runs in their order, and between them what the CLI says it applied, at the one place where it fits: a release is done
 * only once, in its turn, and undone only when it is the newest. Throws where no such place is left.
 */
export function follow(from: number, runs: OurRun[], byCli: Told[], newest: number): Model {
  const model = new Model();
  const left = [...byCli];
  const releaseOf = (version: string) => releases.find((release) => versionOf(release) === version) ?? Number.NaN;
  /** The CLI must have brought it there. */
  const upTo = (release: number) => {
    while (model.state.applied.length < release && left[0]?.release === model.state.applied.length + 1)
      model.do(left.shift()!.release, 'the CLI');
  };
  for (const [index, { kind, version, undone, restored }] of runs.entries()) {
    for (const release of (undone ?? []).map(releaseOf).sort((one, other) => other - one)) {
      upTo(release);
      model.undo(release);
    }
    for (const release of [...(kind === 'migrate' && version ? [version] : []), ...(restored ?? [])].map(releaseOf).sort()) {
      upTo(release - 1);
      model.do(release, 'ours');
    }
    if (index === from - 1) model.write();
  }
  upTo(newest);
  const lost = left.find(({ sure }) => sure);
  if (lost) throw new Error(`The Supabase CLI says that it applied v0.${lost.release}.0, and there is no place for it: ${model.told()}`);
  if (model.state.applied.length !== newest)
    throw new Error(`History holds ${newest} releases, and the runs lead to ${model.state.applied.length}: ${model.told()}`);
  return model;
}
