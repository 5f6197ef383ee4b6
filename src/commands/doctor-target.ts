import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSupabaseConfig } from '../config/supabase-config.ts';
import type { Context } from '../context.ts';
import type { Problem } from '../errors.ts';
import { guardTrigger } from '../history/schema.ts';
import { findServerBinaries } from '../target/embedded/binaries.ts';
import { packageFolders } from '../target/embedded/target.ts';
import { withTarget, type TargetSession } from '../target/session.ts';
import { isLocalHost } from '../target/url.ts';
import { note, ok, problem, type Finding } from './finding.ts';

/** What can be said of the target. `major` is undefined when it can't be reached. */
export interface TargetFindings {
  findings: Finding[];
  major: number | undefined;
}

/** Whether the target can be reached, as whom, how changes would be rehearsed for it, and whether its history is guarded. */
export async function checkTarget(context: Context): Promise<TargetFindings> {
  try {
    return await withTarget(
      context,
      async (session) => ({ major: session.server.major, findings: await inspect(context, session) }),
      'read',
    );
  } catch (error) {
    const { message, detail = [], next } = error as Partial<Problem> & Error;
    return {
      major: undefined,
      findings: [problem('Target', [message, ...detail].join(' '), next ?? 'Name another with --remote=<url>, or use --embedded.')],
    };
  }
}

interface TargetFacts {
  superuser: boolean;
  createdb: boolean;
  create: boolean;
  extensions: string[];
  /** Our tables, and whether each refuses TRUNCATE. */
  tables: { name: string; guarded: boolean | null }[];
  hasHistory: boolean;
  leftovers: string[];
}

/** By the catalog alone: to_regclass() fails for a role that may not use the schema. */
const factsQuery = `
  select r.rolsuper as superuser, r.rolcreatedb or r.rolsuper as createdb, has_database_privilege(current_database(), 'CREATE') as create,
    array(select extname::text from pg_extension where extname <> 'plpgsql' order by 1) as extensions,
    exists (select from pg_class where relname = 'schema_migrations' and relnamespace = (select oid from pg_namespace where nspname = 'supabase_migrations')) as "hasHistory",
    (select coalesce(json_agg(json_build_object('name', c.relname, 'guarded',
        exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = $1 and t.tgenabled <> 'D')) order by c.relname), '[]')
     from pg_class c where c.relnamespace = (select oid from pg_namespace where nspname = 'supabase_migrations') and c.relkind = 'r' and c.relname like 'supasnap\\_%') as tables,
    array(select datname::text from pg_database where datname ~ '^supasnap_scratch_[0-9]+$'
          and substr(datname, 18) not in (select pid::text from pg_stat_activity)) as leftovers
  from pg_roles r where r.rolname = current_user`;

async function inspect(context: Context, session: TargetSession): Promise<Finding[]> {
  const { target, client, server } = session;
  const { rows } = await client.query<TargetFacts>(factsQuery, [guardTrigger]);
  const facts = rows[0]!;
  const findings = [
    ok(
      'Target',
      `${target.name}: PostgreSQL ${server.version}, as ${target.settings.user}${facts.superuser ? ', a superuser' : ', not a superuser'}`,
    ),
  ];
  if (server.major > 18)
    findings.push(
      problem(
        'Target',
        `PostgreSQL ${server.major} was not tried: 15 to 18 are supported.`,
        'Look for a newer supasnap: npm install supasnap@latest',
      ),
    );
  if (!facts.create)
    findings.push(
      problem(
        'Target',
        `${target.settings.user} may not create schemas there, so no history can be kept.`,
        `Connect as the owner, or: grant create on database "${target.settings.database}" to "${target.settings.user}"`,
      ),
    );
  findings.push(...version(context, session), ...connection(session), shadow(context, session, facts), ...history(facts));
  if (facts.leftovers.length > 0)
    findings.push(
      note(
        'Leftovers',
        `scratch databases of rehearsals that were cut off: ${facts.leftovers.join(', ')}`,
        'The next rehearsal there drops them.',
      ),
    );
  return findings;
}

/** The CLI's local stack, and whatever else reads config.toml, would be another PostgreSQL than the target. */
function version({ config }: Context, { target, server }: TargetSession): Finding[] {
  const said = target.kind === 'embedded' ? undefined : readSupabaseConfig(config.folders.supabase)?.majorVersion;
  if (said === undefined || said === server.major) return [];
  return [
    note(
      'Version',
      `supabase/config.toml says PostgreSQL ${said}, and the target is ${server.major}.`,
      `Set major_version = ${server.major} under [db] there.`,
    ),
  ];
}

/** What of the way there, or of the server, stands against changes. */
function connection({ target, server, pooling }: TargetSession): Finding[] {
  const { host, ssl } = target.settings;
  const findings: Finding[] = [];
  if (pooling === 'transaction')
    findings.push(
      problem(
        'Connection',
        'This is a pooler in transaction mode: it is read through, but locks and settings do not hold there, so nothing is changed through it.',
        'Use the direct connection, or a pooler in session mode (port 5432 on the hosted platform).',
      ),
    );
  else if (pooling === 'full')
    findings.push(
      problem(
        'Connection',
        'The pooler gave no second connection, and a migrate needs two.',
        'Raise the size of its pool, or use the direct connection.',
      ),
    );
  else if (pooling === 'session') findings.push(note('Connection', 'This goes through a pooler in session mode.'));
  if (server.standby) findings.push(problem('Connection', "This is a standby: it can't be changed.", "Use the primary's address."));
  else if (server.readOnly)
    findings.push(
      problem(
        'Connection',
        'The database is read-only: default_transaction_read_only is on.',
        'The hosted platform sets it when the disk is full: make room, then set it off.',
      ),
    );
  if (isLocalHost(host)) return findings;
  if (ssl === false) findings.push(note('Connection', 'It is not encrypted.', 'Take sslmode=disable away, or set it to verify-full.'));
  else if (typeof ssl === 'object' && !ssl.rejectUnauthorized)
    findings.push(
      note(
        'Connection',
        "It is encrypted, but the server's certificate is not checked.",
        'Name the certificate of its authority: --ssl-root-cert <file>',
      ),
    );
  return findings;
}

function shadow({ config }: Context, { server }: TargetSession, { extensions, createdb }: TargetFacts): Finding {
  const binaries = findServerBinaries(server.major, packageFolders(config));
  const available = binaries && extensionsOf(binaries.folder);
  const lacking = extensions.filter((name) => available && !available.has(name));
  if (binaries && lacking.length === 0) return ok('Rehearsals', `on an embedded PostgreSQL ${server.major}`);
  const why = binaries ? `the embedded one lacks ${lacking.join(', ')}` : `no embedded PostgreSQL ${server.major} is installed`;
  if (createdb) return note('Rehearsals', `in a scratch database on the target's server: ${why}.`);
  return note(
    'Rehearsals',
    `in a transaction on the target that is rolled back: ${why}, and this user may not create databases. The proof is then by facts alone.`,
    'Name an empty database of the same version with --shadow <url>.',
  );
}

function extensionsOf(folder: string): Set<string> {
  const controls = join(folder, 'share', 'postgresql', 'extension');
  if (!existsSync(controls)) return new Set();
  return new Set(readdirSync(controls).flatMap((name) => (name.endsWith('.control') ? [name.slice(0, -'.control'.length)] : [])));
}

function history({ hasHistory, tables }: TargetFacts): Finding[] {
  if (tables.length === 0)
    return [
      hasHistory
        ? note('History', 'kept by the Supabase CLI only so far; the first migrate adds our tables beside it.')
        : note('History', 'none yet; the first migrate makes it.'),
    ];
  const open = tables.filter(({ guarded }) => !guarded).map(({ name }) => name);
  if (open.length === 0) return [ok('History', 'there, and guarded against TRUNCATE')];
  return [
    note(
      'History',
      `not guarded against TRUNCATE, for it was released: ${open.join(', ')}.`,
      'The next migrate or rollback guards it again.',
    ),
  ];
}
