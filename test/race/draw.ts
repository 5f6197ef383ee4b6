import { type Draw, drawFrom } from '../random.ts';
import { fileOf } from './scene.ts';

/** A round as drawn from a seed: what is applied at its start, and what all start at the same moment. */
export interface Round {
  seed: number;
  major: 15 | 17;
  /** The newest applied release at the start: 1 for v0.1.0. */
  from: 1 | 2 | 4;
  /** Whether all runners work in one project folder; else each has its own copy. */
  shared: boolean;
  /** Whether each waits for the one before it to end: what the model knows of the order then needs no luck. */
  inTurn?: boolean;
  runners: Runner[];
}

export interface Runner {
  program: 'supasnap' | 'supabase';
  words: string[];
  /** It starts that much after the first, in milliseconds. */
  afterMs: number;
}

const supasnap = (...words: string[]): Pick<Runner, 'program' | 'words'> => ({ program: 'supasnap', words });
const migrate = supasnap('migrate', '--yes');
const rollback = supasnap('rollback', '--steps', '1', '--yes');

const others = [
  migrate,
  rollback,
  supasnap('migrate', fileOf(2), '--yes'),
  supasnap('migrate', fileOf(3), '--yes'),
  supasnap('rollback', 'v0.1.0', '--yes'),
  supasnap('status'),
  supasnap('test', 'v0.1.0'),
  supasnap('test', '--all'),
  supasnap('kept', 'prune', '--older-than', '90d', '--yes'),
  supasnap('kept', 'prune', '--older-than', '0h', '--returned-only', '--yes'),
  supasnap('migrate', '--dry-run'),
];

const cli = { program: 'supabase' as const, words: ['migration', 'up', '--yes'] };
const soon = (runners: Pick<Runner, 'program' | 'words'>[]) => runners.map((runner) => ({ ...runner, afterMs: 0 }));

/** What our runs and the CLI's do to each other's rows, one after the other. Their seeds are 101 and on. */
const inTurn: Pick<Round, 'major' | 'from' | 'runners'>[] = [
  { major: 17, from: 2, runners: soon([cli, rollback, rollback]) },
  { major: 15, from: 2, runners: soon([supasnap('migrate', fileOf(3), '--yes'), cli, rollback, rollback]) },
  { major: 17, from: 2, runners: soon([cli, supasnap('rollback', 'v0.1.0', '--yes'), cli]) },
  { major: 15, from: 1, runners: soon([rollback, migrate, rollback]) },
];
export const seedsInTurn = inTurn.map((_, index) => 101 + index);

/** Every other round has two that write the same; the Supabase CLI takes part in one of five. */
export function drawRound(seed: number): Round {
  const chosen = inTurn[seed - seedsInTurn[0]!];
  if (chosen) return { seed, shared: true, inTurn: true, ...chosen };
  const draw = drawFrom(seed);
  const from = draw.one([1, 1, 2, 4] as const);
  const firsts = seed % 2 === 0 ? [migrate, migrate] : [migrate, from === 1 ? draw.one(others) : rollback];
  const third = seed % 5 === 0 ? cli : draw.one(others);
  const four = [...firsts, third, draw.one(others)];
  return {
    seed,
    major: seed % 10 < 5 ? 17 : 15,
    from,
    shared: draw.chance(0.5),
    runners: four.map((runner) => ({ ...runner, afterMs: afterMs(draw) })),
  };
}

/** Mostly together, else while the others rehearse or apply. */
const afterMs = (draw: Draw) => (draw.chance(0.7) ? draw.below(50) : draw.below(2500));

export const describeRound = ({ seed, major, from, shared, inTurn: waits, runners }: Round): string =>
  `seed ${seed}: from v0.${from}.0 on PostgreSQL ${major}, ${waits ? 'one after the other' : shared ? 'in one folder' : 'in four folders'}: ${runners
    .map(({ program, words }) =>
      [...(program === 'supabase' ? ['supabase'] : []), ...words.filter((word) => word !== '--yes')]
        .join(' ')
        .replace(/supabase\/migrations\/(\d+)\S+/, '$1'),
    )
    .join(' | ')}`;
