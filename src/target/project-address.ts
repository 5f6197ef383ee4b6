import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { failed, usage } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { refOf } from './identity.ts';
import { isLocalHost, settingsFromUrl } from './url.ts';
import { findVariable } from './variables.ts';

/** Where the address of a project's pooler came from, and what it is; it may hold no password. */
export interface PoolerAddress {
  settings: ConnectionSettings;
  origin: string;
}

const saved = 'supabase/.temp/pooler-url';
const unchanged = 'Nothing was changed.';

/**
 * The session pooler of a project: as "supabase link" saved it, when what it saved is of this project, else as the platform's
 * management API gives it to SUPABASE_ACCESS_TOKEN. Throws a usage Problem with the URL to pass when neither is there.
 */
export async function findPooler(context: Context, ref: string): Promise<PoolerAddress> {
  const linked = readSaved(context);
  if (linked && refOf(linked.settings) === ref) return linked;
  const token = findVariable(context, 'SUPABASE_ACCESS_TOKEN');
  if (token) {
    context.secret(token.value);
    return askPlatform(ref, token.value, baseUrl(context.environment.SUPABASE_API_URL));
  }
  throw usage('bad_target', `The address of project ${ref} is not known.`, {
    detail: [linked ? `${saved} is of another project.` : `There is no ${saved}, and SUPABASE_ACCESS_TOKEN is not set.`],
    state: unchanged,
    next: [
      `Set SUPABASE_ACCESS_TOKEN, or pass the URL that the dashboard shows under Connect, Session pooler:`,
      `--remote="postgresql://postgres.${ref}:<password>@aws-0-<region>.pooler.supabase.com:5432/postgres"`,
      `Where IPv6 works: --remote="postgresql://postgres:<password>@db.${ref}.supabase.co:5432/postgres"`,
    ].join('\n'),
  });
}

/** Whoever can write the file would be sent the password, so only the platform's own poolers are taken from it. */
function readSaved({ config }: Context): PoolerAddress | undefined {
  const file = join(config.folders.supabase, '.temp', 'pooler-url');
  const url = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (url === '') return undefined;
  const settings = inSessionMode(url, saved);
  if (isLocalHost(settings.host) || /(\.pooler\.supabase\.com|^db\.[a-z]{20}\.supabase\.co)$/.test(settings.host))
    return { settings, origin: saved };
  throw usage('bad_target', `${saved} names the host ${settings.host}, which is no pooler of the platform.`, {
    state: unchanged,
    next: 'Link again (npx supabase link), or pass the URL yourself: --remote=<url>',
  });
}

/** Port 6543 is transaction mode, where locks and settings do not hold. The password of a template is none. */
function inSessionMode(url: string, origin: string): ConnectionSettings {
  const settings = settingsFromUrl(url.replace(/:\[[^\]@]*\]@/, '@'), origin);
  return { ...settings, port: settings.port === 6543 ? 5432 : settings.port };
}

/** The token goes nowhere unencrypted. */
function baseUrl(given: string | undefined): URL {
  const text = given || 'https://api.supabase.com';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocalHost(url.hostname)))) return url;
  throw usage('bad_target', 'SUPABASE_API_URL is no https:// URL.', {
    state: unchanged,
    next: "Unset it; the platform's is https://api.supabase.com.",
  });
}

async function askPlatform(ref: string, token: string, base: URL): Promise<PoolerAddress> {
  const next = `Run it again, or pass the URL yourself: --remote="postgresql://postgres.${ref}:<password>@<host>:5432/postgres"`;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(new URL(`/v1/projects/${ref}/config/database/pooler`, base), {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(15_000),
    });
    body = response.ok ? await response.json() : undefined;
  } catch (error) {
    throw failed('platform_failed', `${base.host} did not answer where project ${ref} is.`, {
      detail: [reason(error)],
      state: unchanged,
      next,
      cause: error,
    });
  }
  const refusal: Record<number, [string, string]> = {
    401: [`${base.host} does not accept SUPABASE_ACCESS_TOKEN.`, 'Make a new one in the dashboard, under Account, Access tokens.'],
    403: [`SUPABASE_ACCESS_TOKEN may not see project ${ref}.`, 'Use the token of a member of its organization.'],
    404: [
      `There is no project ${ref} that SUPABASE_ACCESS_TOKEN may see.`,
      "Check the ref: it is in the address of the project's dashboard.",
    ],
  };
  const [message, remedy] = refusal[response.status] ?? [`${base.host} answered with status ${response.status}.`, next];
  if (!response.ok) throw failed('platform_failed', message, { state: unchanged, next: remedy });
  const url = primaryUrl(body);
  if (url === undefined) throw failed('platform_failed', `${base.host} named no pooler of project ${ref}.`, { state: unchanged, next });
  return { settings: inSessionMode(url, base.host), origin: base.host };
}

/** The answer is a list; read replicas are in it too. */
function primaryUrl(body: unknown): string | undefined {
  const entries = (Array.isArray(body) ? body : [body]) as ({ database_type?: unknown; connection_string?: unknown } | null)[];
  const primary = entries.find((entry) => entry?.database_type === 'PRIMARY') ?? undefined;
  return typeof primary?.connection_string === 'string' ? primary.connection_string : undefined;
}

const reason = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: Error };
  return cause?.message || message;
};
