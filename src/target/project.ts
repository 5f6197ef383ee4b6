import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRef } from '../config/environments.ts';
import type { Context } from '../context.ts';
import { refused, usage } from '../errors.ts';
import { findPooler } from './project-address.ts';
import type { Target } from './target.ts';
import { findVariable } from './variables.ts';

const unchanged = 'Nothing was changed.';

/** Which project this folder is linked with: SUPABASE_PROJECT_ID, else what "supabase link" wrote. Throws a usage Problem when none. */
export function linkedProject(context: Context): { ref: string; origin: string } {
  const file = join(context.config.folders.supabase, '.temp', 'project-ref');
  const variable = findVariable(context, 'SUPABASE_PROJECT_ID');
  const linked =
    variable ?? (existsSync(file) ? { value: readFileSync(file, 'utf8').trim(), origin: 'supabase/.temp/project-ref' } : undefined);
  if (!linked) {
    throw usage('bad_target', '--remote without a value means the linked project, and no project is linked.', {
      state: unchanged,
      next: 'Link one (npx supabase link --project-ref <ref>), set SUPABASE_PROJECT_ID, or name it: --remote=<ref> or --remote=<url>',
    });
  }
  if (!projectRef.test(linked.value)) {
    throw usage('bad_target', `${linked.origin} does not hold a project's ref.`, {
      detail: ['A ref is 20 lower-case letters.'],
      state: unchanged,
      next: 'Link the project again: npx supabase link --project-ref <ref>',
    });
  }
  return { ref: linked.value, origin: linked.origin };
}

/** A project of the hosted platform, by way of its session pooler. `passwordVariable`: where its password is, unless it is asked for. */
export async function projectTarget(
  context: Context,
  ref: string,
  origin: string,
  passwordVariable = 'SUPABASE_DB_PASSWORD',
): Promise<Target> {
  const { settings } = await findPooler(context, ref);
  const variable = findVariable(context, passwordVariable);
  const password = variable?.value ?? settings.password ?? (await askPassword(context, ref, passwordVariable));
  return {
    kind: 'project',
    name: ref,
    origin,
    ref,
    settings: { ...settings, password },
    ...(variable ? { passwordFrom: variable.origin } : {}),
  };
}

async function askPassword({ askHidden }: Context, ref: string, variable: string): Promise<string> {
  const typed = await askHidden?.(`Database password of project ${ref}: `);
  if (typed) return typed;
  throw refused(
    'login_failed',
    `The database password of project ${ref} is not known${askHidden ? '' : ', and there is no terminal to ask on'}.`,
    {
      state: unchanged,
      next: `Set ${variable}, in the environment or in supabase/.env, which must not be committed.`,
    },
  );
}
