import type { Context } from '../context.ts';
import { refused, type Problem } from '../errors.ts';
import { neededRights, type NeededRight } from '../migration/needed-rights.ts';
import type { Statement } from '../migration/statements.ts';
import type { TargetSession } from '../target/session.ts';
import { missingRights, type MissingRight } from '../transition/missing-rights.ts';

/** Which way is asked for: a migration, what would take it back later, or a rollback now. */
export type Way =
  | { migration: string; statements: Statement[] }
  | { backOf: string; statements: Statement[] }
  | { rollback: string; statements: Statement[] };

/**
 * Asks the target, before it is touched, whether our role may run these statements: a rehearsal can't tell, for on the platform the lists of supautils
 * decide. Throws a Problem that names each object; with `allowed`, warns.
 */
export async function passRights(context: Context, { client, target }: TargetSession, way: Way, allowed: boolean): Promise<void> {
  const needed = neededRights(way.statements);
  // Until the way back is gone, what is there now may be another.
  const missing = await missingRights(client, 'backOf' in way ? needed.map((right) => ({ ...right, ifExists: undefined })) : needed);
  if (missing.length === 0) return;
  const problem = refusal(way, missing, target.name);
  if (!allowed) throw problem;
  for (const text of [problem.message, ...problem.detail.map((line) => `  ${line}`)]) context.report.warn(text);
}

function refusal(way: Way, missing: MissingRight[], target: string): Problem {
  const [message, next] =
    'migration' in way
      ? [`This role may not run all of ${way.migration} on ${target}.`, 'Take those statements out, or run it as a role that may.']
      : 'backOf' in way
        ? [
            `This role could not take ${way.backOf} back on ${target}.`,
            'Write a way back that does without those statements into the rollback file (it is rehearsed and proven), or run it as a role that may.',
          ]
        : [
            `This role may not run all of the way to ${way.rollback} on ${target}.`,
            'Choose another snapshot (npx supasnap rollback --list), or run it as a role that may.',
          ];
  return refused('missing_rights', message, {
    detail: [
      ...new Set(
        missing.map(({ kind, on, name, reason }) => `${words[kind]}${name ? ` ${name} on` : ''} ${on.replaceAll('"', '')}: ${reason}`),
      ),
    ],
    state: `Nothing was changed on ${target}.`,
    next: `${next} If it may after all: the same command with --allow-unproven.`,
  });
}

const words: Record<NeededRight['kind'], string> = {
  policy: 'policy',
  'drop trigger': 'drop trigger',
  'create trigger': 'create trigger',
  'create extension': 'create extension',
  extension: 'extension',
  'create event trigger': 'create event trigger',
  'event trigger': 'event trigger',
  'create wrapper': 'create foreign data wrapper',
  wrapper: 'foreign data wrapper',
  'all tables': 'all tables in publication',
  role: 'role',
  'role setting': 'setting of role',
  'role attribute': 'attribute of role',
};
