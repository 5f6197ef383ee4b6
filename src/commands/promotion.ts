import type { Context } from '../context.ts';
import { Problem, refused } from '../errors.ts';
import { evidenceOf, type Evidence, type EvidenceRun } from '../history/evidence.ts';
import { withClient } from '../target/connection.ts';
import { environmentTarget, findEnvironment } from '../target/environments.ts';
import { isSameDatabase } from '../target/identity.ts';
import { connectionProblem } from '../target/connection-problem.ts';
import { maskPassword } from '../target/mask-password.ts';
import type { Target } from '../target/target.ts';

/** A migration file, as history knows it. */
export interface Candidate {
  label: string;
  name: { version: string };
  sha256: string;
}

/** What a database says of each candidate, in their order; or the Problem why it can't be asked. */
export type Testimony = Evidence[] | Problem;

/** Asks the history of an environment's own database: it is the same for every machine. `goal` is what is to be changed. */
export async function askEnvironment(context: Context, goal: Target, name: string, candidates: Candidate[]): Promise<Testimony> {
  try {
    const target = await environmentTarget(context, findEnvironment(context, name));
    maskPassword(context, target.settings);
    if (isSameDatabase(target.settings, goal.settings))
      throw refused('bad_config', `Environments "${name}" and "${goal.name}" lead to the same database.`, {
        next: `Correct [env.${name}] of supabase/supasnap.toml.`,
      });
    return await askDatabase(target, candidates);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error;
  }
}

/** Reads only. Throws a Problem when the database can't be reached or its history can't be read. */
export async function askDatabase(target: Target, candidates: Candidate[]): Promise<Evidence[]> {
  try {
    return await withClient(target.settings, async (client) => {
      await client.query('begin transaction isolation level repeatable read read only');
      const { rows } = await client.query<{ theirs: boolean; ours: boolean }>(
        `select to_regclass('supabase_migrations.schema_migrations') is not null as theirs, to_regclass('supabase_migrations.supasnap_runs') is not null as ours`,
      );
      const { theirs, ours } = rows[0]!;
      const versions = theirs
        ? (await client.query<{ version: string }>('select version from supabase_migrations.schema_migrations')).rows.map(
            ({ version }) => version,
          )
        : [];
      const runs = ours
        ? (
            await client.query<EvidenceRun>(
              `select kind, status, version, file_sha256 as "fileSha256", undone, restored, tested, proof,
                      to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "appliedAt"
               from supabase_migrations.supasnap_runs order by id`,
            )
          ).rows
        : [];
      return candidates.map(({ name, sha256 }) => evidenceOf(versions, runs, name.version, sha256));
    });
  } catch (error) {
    throw connectionProblem(error as Error & { code?: string }, target);
  }
}

/** What speaks against applying the candidates to this target: each must have been applied and tested, with the same content, where `requires` says. */
export async function promotionRefusals(context: Context, target: Target, candidates: Candidate[]): Promise<Problem[]> {
  const refusals: Problem[] = [];
  const state = `Nothing was changed on ${target.name}.`;
  for (const name of target.environment?.requires ?? []) {
    const testimony = await askEnvironment(context, target, name, candidates);
    if (testimony instanceof Problem) {
      refusals.push(
        refused('not_promoted', `Whether it was applied on ${name} is not known: ${testimony.message}`, {
          detail: testimony.detail,
          state,
          next: testimony.next,
        }),
      );
      continue;
    }
    const lacking = candidates.flatMap(({ label }, index) => {
      const { lacks } = testimony[index]!;
      return lacks === null ? [] : `${label} ${lacks}.`;
    });
    if (lacking.length === 0) continue;
    const unmet = `${target.name} requires ${name}: ${lacking.length === 1 ? '1 migration has' : `${lacking.length} migrations have`} not been applied and tested there as ${lacking.length === 1 ? 'it is' : 'they are'}.`;
    refusals.push(
      refused('not_promoted', unmet, { detail: lacking, state, next: `Apply and test there first: npx supasnap migrate --env ${name}` }),
    );
  }
  return refusals;
}
