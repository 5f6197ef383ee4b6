import { randomFrom } from '../random.ts';

/** A crash as drawn from a seed: what runs, how it ends, and when. */
export interface Crash {
  seed: number;
  major: 15 | 17;
  command: Command;
  how: How;
  moment: Moment;
}

export type Command = 'migrate' | 'rollback' | 'migrate again';

/** SIGKILL of the program; pg_terminate_backend of its session; SIGKILL of the session's server process, so that the whole server recovers. */
export type How = 'program' | 'session' | 'backend';

/** Where in a statement: not sent yet, at work for so many ms, or done and the answer lost. */
export type Phase = { at: 'unsent' } | { at: 'running'; ms: number } | { at: 'answer lost' };

/** `share` (0 to 1) is the place among the statements, or in the time, of an undisturbed run. */
export type Moment =
  | { in: 'change'; share: number; phase: Phase }
  | { in: 'whole run'; share: number; phase: Phase }
  | { in: 'commit'; which: 'first' | 'last'; phase: Phase }
  | { in: 'time'; share: number; pick: number };

const commands: Command[] = ['migrate', 'rollback', 'migrate again'];
const hows: How[] = ['program', 'session', 'backend'];

/** Commands and ways to end take turns, so that any run of nine seeds has all pairs; the moment is drawn. */
export function drawCrash(seed: number): Crash {
  const random = randomFrom(seed);
  const index = seed - 1;
  return {
    seed,
    major: Math.floor(index / 9) % 2 === 0 ? 17 : 15,
    command: commands[index % 3]!,
    how: hows[(index + Math.floor(index / 3)) % 3]!,
    moment: drawMoment(random),
  };
}

function drawMoment(random: () => number): Moment {
  const kind = random();
  if (kind < 0.15) return { in: 'time', share: random(), pick: random() };
  const phase = drawPhase(random);
  if (kind < 0.3) return { in: 'commit', which: random() < 0.7 ? 'first' : 'last', phase };
  return { in: kind < 0.4 ? 'whole run' : 'change', share: random(), phase };
}

function drawPhase(random: () => number): Phase {
  const kind = random();
  if (kind < 0.25) return { at: 'unsent' };
  return kind < 0.7 ? { at: 'running', ms: Math.floor(random() ** 2 * 20) } : { at: 'answer lost' };
}

export const describeCrash = ({ seed, major, command, how, moment }: Crash): string => {
  const what = { program: 'the program is killed', session: 'its session is terminated', backend: 'its server process is killed' }[how];
  return `seed ${seed}: ${command} on PostgreSQL ${major}; ${what} ${describeMoment(moment)}`;
};

function describeMoment(moment: Moment): string {
  const percent = 'share' in moment ? `${Math.floor(moment.share * 100)} %` : '';
  if (moment.in === 'time') return `${percent} of the time after it began to change the target`;
  const phase = moment.phase.at === 'running' ? `${moment.phase.ms} ms into` : moment.phase.at === 'unsent' ? 'before' : 'at the lost answer of';
  return moment.in === 'commit' ? `${phase} the ${moment.which} COMMIT` : `${phase} the statement at ${percent} of the ${moment.in}`;
}
