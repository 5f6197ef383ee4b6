import type { EnvironmentSettings } from '../config/environments.ts';
import { nearest } from '../config/nearest.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { isSameDatabase, refOf } from './identity.ts';
import { projectTarget } from './project.ts';
import type { Target } from './target.ts';
import { settingsFromUrl } from './url.ts';
import { findVariable } from './variables.ts';

const unchanged = 'Nothing was changed.';

/** The environment of that name. Throws a usage Problem when there is none. */
export function findEnvironment({ config }: Context, name: string): EnvironmentSettings {
  const { environments } = config.settings;
  const found = environments.find((each) => each.name === name);
  if (found) return found;
  const names = environments.map((each) => each.name);
  const near = nearest(name, names);
  throw usage('bad_target', `There is no environment "${name}".`, {
    detail: [names.length > 0 ? `supabase/supasnap.toml has: ${names.join(', ')}` : 'supabase/supasnap.toml has none yet.'],
    state: unchanged,
    next: near
      ? `Did you mean --env ${near}?`
      : `Write [env.${/^[A-Za-z][\w-]*$/.test(name) ? name : 'staging'}] into supabase/supasnap.toml, with ref = "…" or url = "env(…)".`,
  });
}

/** Where an environment is. Throws a Problem when its variable or its password is not set. */
export async function environmentTarget(context: Context, environment: EnvironmentSettings): Promise<Target> {
  const { name, ref, passwordVariable } = environment;
  const target = ref ? await projectTarget(context, ref, `[env.${name}]`, passwordVariable) : urlTarget(context, environment);
  return { ...target, name, environment };
}

function urlTarget(context: Context, { name, url, passwordVariable }: EnvironmentSettings): Target {
  const found = url && 'variable' in url ? findVariable(context, url.variable) : url && { value: url.text, origin: `[env.${name}]` };
  if (!found) {
    const variable = url && 'variable' in url ? url.variable : '';
    throw usage('bad_target', `${variable} is not set, so it is not known where environment "${name}" is.`, {
      state: unchanged,
      next: `Set ${variable}, in the environment or in supabase/.env, which must not be committed.`,
    });
  }
  const settings = settingsFromUrl(found.value, found.origin);
  const password = passwordVariable === undefined ? undefined : findVariable(context, passwordVariable);
  const ref = refOf(settings);
  return {
    kind: 'url',
    name,
    origin: found.origin,
    settings: { ...settings, ...(password ? { password: password.value } : {}) },
    ...(ref ? { ref } : {}),
    ...(password ? { passwordFrom: password.origin } : {}),
  };
}

/** Which environment a target is that was named by other means: the same project, or the same host, port and database. Protected ones first. */
export function recognizeEnvironment(context: Context, { settings, ref }: Target): EnvironmentSettings | undefined {
  const known = context.config.settings.environments.filter((environment) => {
    if (environment.ref) return environment.ref === ref;
    const { url } = environment;
    const text = url && ('variable' in url ? findVariable(context, url.variable)?.value : url.text);
    try {
      return text !== undefined && isSameDatabase(settings, settingsFromUrl(text, environment.name));
    } catch {
      return false;
    }
  });
  return known.find((environment) => environment.protected) ?? known[0];
}
