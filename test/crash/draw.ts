import { randomFrom } from '../random.ts';

/** A crash as drawn from a seed: what runs, how it ends, and when. */
export interface Crash {
  seed: number;
  major: 15 | 17;
  command: Command;
  how: How;
  moment: Moment;
  /** What becomes of the connections. */
  network: { kind: Network; ms: number };
  /** After how many ms a server that was stopped is started again; none: once the program has ended. */
  restartMs: number | undefined;
  /** How a migration that stopped between its steps is completed. */
  complete: 'resume' | 'rollback';
}

const commands = ['migrate', 'rollback', 'migrate again', 'migrate in steps', 'test'] as const;
export type Command = (typeof commands)[number] | 'resume';

/** Up to here commands and ways to end take turns, so that any run of forty seeds has all pairs; after it "migrate --resume" meets all ways. */
const lastOfPairs = 320;

/**
 * SIGKILL of the program; pg_terminate_backend of its session; SIGKILL of the session's server process, so that the whole server recovers;
 * SIGQUIT of the postmaster, so that the whole server is gone for a while; SIGINT of the program; a relay that disturbs its connections; a disk
 * that fills: the project's, or the one that holds the target's tables.
 */
export const hows = ['program', 'session', 'backend', 'server', 'interrupt', 'network', 'disk', 'server disk'] as const;
export type How = (typeof hows)[number];

/** All connections are closed to both sides, held up for a while, closed to one side alone, or silent for a while and then closed. */
const networks = ['cut', 'delay', 'close to the server', 'close to the program', 'silence'] as const;
export type Network = (typeof networks)[number];

/** Where in a statement: not sent yet, at work for so many ms, or done and the answer lost. */
export type Phase = { at: 'unsent' } | { at: 'running'; ms: number } | { at: 'answer lost' };

/** `share` (0 to 1) is the place among the statements, or in the time, of an undisturbed run. */
export type Moment =
  | { in: 'change'; share: number; phase: Phase }
  | { in: 'whole run'; share: number; phase: Phase }
  | { in: 'commit'; which: 'first' | 'last'; phase: Phase }
  | { in: 'time'; from: 'start' | 'change'; share: number; pick: number };

/** Command and way to end come from the seed's place; the rest is drawn. */
export function drawCrash(seed: number): Crash {
  const random = randomFrom(seed);
  const index = seed - 1;
  const resumes = seed > lastOfPairs;
  const command = resumes ? 'resume' : commands[index % commands.length]!;
  const how = hows[(resumes ? index : Math.floor(index / commands.length)) % hows.length]!;
  const moment = command === 'test' ? drawOfTest(random) : drawMoment(random, how === 'disk' ? 0.5 : 0.15);
  return {
    seed,
    major: Math.floor(index / (resumes ? hows.length : commands.length * hows.length)) % 2 === 0 ? 17 : 15,
    command,
    how,
    moment,
    network: { kind: networks[Math.floor(random() * networks.length)]!, ms: 200 + Math.floor(random() * 2_000) },
    restartMs: random() < 0.8 ? Math.floor(random() * 1_500) : undefined,
    complete: random() < 0.5 ? 'resume' : 'rollback',
  };
}

/** `whole`: how much of it is in the whole run, and not in the change alone. */
function drawMoment(random: () => number, whole: number): Moment {
  const kind = random();
  if (kind < 0.15) return { in: 'time', from: random() < whole + 0.2 ? 'start' : 'change', share: random(), pick: random() };
  const phase = drawPhase(random);
  if (kind < 0.3) return { in: 'commit', which: random() < 0.7 ? 'first' : 'last', phase };
  return { in: kind < 0.3 + whole ? 'whole run' : 'change', share: random(), phase };
}

function drawOfTest(random: () => number): Moment {
  if (random() < 0.2) return { in: 'time', from: 'start', share: random(), pick: random() };
  return { in: 'whole run', share: random(), phase: drawPhase(random) };
}

function drawPhase(random: () => number): Phase {
  const kind = random();
  if (kind < 0.25) return { at: 'unsent' };
  return kind < 0.7 ? { at: 'running', ms: Math.floor(random() ** 2 * 20) } : { at: 'answer lost' };
}

export const describeCrash = (crash: Crash): string =>
  `seed ${crash.seed}: ${crash.command} on PostgreSQL ${crash.major}; ${describeHow(crash)} ${describeMoment(crash.moment)}`;

function describeHow({ how, network, restartMs }: Crash): string {
  if (how === 'network')
    return `its connections: ${network.kind}${['delay', 'silence'].includes(network.kind) ? ` of ${network.ms} ms` : ''},`;
  if (how === 'server')
    return `the server is stopped at once (and started again ${restartMs === undefined ? 'when the program has ended' : `after ${restartMs} ms`})`;
  return {
    program: 'the program is killed',
    session: 'its session is terminated',
    backend: 'its server process is killed',
    interrupt: 'it is interrupted',
    disk: "the project's disk is full",
    'server disk': "the server's disk is full",
  }[how];
}

function describeMoment(moment: Moment): string {
  const percent = 'share' in moment ? `${Math.floor(moment.share * 100)} %` : '';
  if (moment.in === 'time')
    return `${percent} of the time after it ${moment.from === 'start' ? 'was started' : 'began to change the target'}`;
  const phase =
    moment.phase.at === 'running' ? `${moment.phase.ms} ms into` : moment.phase.at === 'unsent' ? 'before' : 'at the lost answer of';
  return moment.in === 'commit' ? `${phase} the ${moment.which} COMMIT` : `${phase} the statement at ${percent} of the ${moment.in}`;
}
