import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { Context } from '../context.ts';
import { warmKey } from '../shadow/embedded.ts';
import type { Shadow } from '../shadow/shadow.ts';
import type { State } from '../snapshot/state.ts';
import { findCli } from './find-cli.ts';
import { newFindings, type Finding } from './finding.ts';
import type { AdviceLevel } from '../config/settings.ts';
import { prepareFolder, recall, remember } from './memory.ts';
import { runAdvisors } from './run-advisors.ts';

/** What the platform's advisors say of a change: what they find after it and did not find before; or why they say nothing. */
export type Advice =
  | { findings: Finding[]; after: Finding[] }
  /** `expected`: nothing went wrong, so it is of interest only to those who insist. */
  | { unknown: string; expected?: true };

/** Looks at one change on the shadow that it is rehearsed on. */
export interface Adviser {
  /** Called while the shadow holds the state before. */
  before: (shadow: Shadow) => Promise<void>;
  /** Called while it holds the state after. Others may read there meanwhile. */
  after: (shadow: Shadow) => Promise<void>;
  advice: () => Advice;
}

export interface Advisers {
  /** From this level on a new finding stands against a migration; undefined where findings are only shown. */
  failOn: AdviceLevel | undefined;
  of: (before: State) => Adviser;
  /** Called when the target is in the state after a change. */
  keep: (state: State, advice: Advice) => void;
}

/** How long the CLI may take for one look, in milliseconds. It takes one or two seconds, and more on a machine that is busy. */
const patienceMs = 20_000;

/** The advisors of the project's own Supabase CLI, for the length of a command; undefined where they say nothing and nobody insists. */
export function openAdvice(
  { config, environment }: Pick<Context, 'config' | 'environment'>,
  failOn: AdviceLevel | undefined,
  timeoutMs = patienceMs,
): Advisers | undefined {
  if (config.settings.advice === 'off' && !failOn) return undefined;
  const cli = findCli(config.workdir, environment.PATH);
  if (!cli)
    return failOn && { failOn, of: () => silent('the Supabase CLI is not installed (npm install --save-dev supabase)'), keep: () => {} };
  const prepared = prepareFolder(config.stateFolder, config.folders.supabase);
  if ('failure' in prepared) return { failOn, of: () => silent(prepared.failure), keep: () => {} };
  const { folder, schemas } = prepared;
  const name = cli.path.startsWith(config.workdir) ? relative(config.workdir, cli.path) : cli.path;
  let broken: string | undefined;
  const look = async ({ settings }: Shadow): Promise<Finding[] | undefined> => {
    if (broken) return undefined;
    const found = await runAdvisors({ cli, database: settings, folder, environment, timeoutMs });
    if (!('failure' in found)) return found;
    broken = `the Supabase CLI (${name}) could not be asked: ${found.failure}`;
    return undefined;
  };
  const keyOf = (state: State) =>
    createHash('sha256')
      .update(JSON.stringify([warmKey(state), cli.identity, schemas]))
      .digest('hex');
  return {
    failOn,
    of: (state) => {
      if (!state.facts.base.has({ kind: 'role', name: 'anon' }))
        return silent('the database has no role anon, so it is not one of the platform');
      let before: Finding[] | undefined;
      let after: Finding[] | undefined;
      return {
        before: async (shadow) => {
          before = recall(folder, keyOf(state)) ?? (await look(shadow));
          if (before) remember(folder, keyOf(state), before);
        },
        after: async (shadow) => {
          after = before && (await look(shadow));
        },
        advice: () => (before && after ? { findings: newFindings(before, after), after } : broken ? { unknown: broken } : noShadow),
      };
    },
    keep: (state, advice) => {
      if ('after' in advice) remember(folder, keyOf(state), advice.after);
    },
  };
}

const noShadow: Advice = { unknown: 'the change can be committed on no shadow', expected: true };

const silent = (unknown: string): Adviser => ({
  before: async () => {},
  after: async () => {},
  advice: () => ({ unknown, expected: true }),
});
