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

/** Every other round has two that write the same; the Supabase CLI takes part in one of five. */
export function drawRound(seed: number): Round {
  const draw = drawFrom(seed);
  const from = draw.one([1, 1, 2, 4] as const);
  const firsts = seed % 2 === 0 ? [migrate, migrate] : [migrate, from === 1 ? draw.one(others) : rollback];
  const third = seed % 5 === 0 ? { program: 'supabase' as const, words: ['migration', 'up', '--yes'] } : draw.one(others);
  const chosen = [...firsts, third, draw.one(others)];
  return {
    seed,
    major: seed % 10 < 5 ? 17 : 15,
    from,
    shared: draw.chance(0.5),
    runners: chosen.map((runner) => ({ ...runner, afterMs: afterMs(draw) })),
  };
}

/** Mostly together, else while the others rehearse or apply. */
const afterMs = (draw: Draw) => (draw.chance(0.7) ? draw.below(50) : draw.below(2500));

export const describeRound = ({ seed, major, from, shared, runners }: Round): string =>
  `seed ${seed}: from v0.${from}.0 on PostgreSQL ${major}, ${shared ? 'in one folder' : 'in four folders'}: ${runners
    .map(({ program, words }) =>
      [...(program === 'supabase' ? ['supabase'] : []), ...words.filter((word) => word !== '--yes')]
        .join(' ')
        .replace(/supabase\/migrations\/(\d+)\S+/, '$1'),
    )
    .join(' | ')}`;
