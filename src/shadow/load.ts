import { encodeId } from '@supabase/pg-delta';
import type pg from 'pg';
import { joinDump, splitDump, titleOf } from '../snapshot/canonical-entries.ts';
import { factDifferences, readFacts, sameFacts, type Facts } from '../snapshot/facts.ts';
import { makeQueues } from '../platform-rows/on-shadow.ts';
import { withoutQueues } from '../snapshot/queue-entries.ts';
import { rerunnable } from '../snapshot/spelling.ts';
import type { Session, State } from '../snapshot/state.ts';
import { clusterCheck } from '../snapshot/catalog-check.ts';
import { planSettings, planStatements, planTransition } from '../planner/plan.ts';
import { quoteName, quoteText, withClient, type ConnectionSettings } from '../target/connection.ts';

/** Raised when a shadow can't hold the target's state; another kind of shadow may. */
export class NotFaithful extends Error {}

/** Loads a state into an empty database of a server that is ours alone, and makes it equal in every fact. */
export async function loadState(database: ConnectionSettings, state: State, ownRoles: string[]): Promise<void> {
  await withClient(database, async (client) => {
    await requireExtensions(client, state.facts);
    await createRoles(client, state.facts);
    await client.query(`alter database ${quoteName(database.database)} owner to ${quoteName(state.session.databaseOwner)}`);
    await ensureStandIn(client, state);
    const superusers = await futureSuperusers(client, state.facts);
    await runDump(
      client,
      givenByTheirGivers(
        extensionsAsTheyWere(
          rerunnable(withoutQueues(state.sql)),
          state.facts,
          await availableVersions(client),
          extensionMakers(state.facts),
        ),
        superusers,
      ),
      superusers,
    );
    await makeQueues(client, state.definitions, state.session.user).catch(notFaithful);
    await converge(client, state.facts, ownRoles, { ours: true, standsFor: state.facts.cluster?.database });
    // Its login could dump all of the target, whatever gave it the right to (see Shadow.lent).
    await client.query(`grant pg_read_all_data to ${quoteName(state.session.user)}`);
    await allowSettings(client, state.session);
  });
}

export const notFaithful = (error: Error): never => {
  throw new NotFaithful(`queues of the target can't be made there: ${error.message}`);
};

/** Rights on settings are of a whole server and no part of a state: its login has those that it has on the target. */
async function allowSettings(client: pg.Client, { user, maySet }: Session): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select parname as name from pg_parameter_acl');
  const revoke = rows.map(({ name }) => `revoke all on parameter ${quoteName(name)} from ${quoteName(user)};\n`);
  const grant = maySet.map((name) => `grant set on parameter ${quoteName(name)} to ${quoteName(user)};\n`);
  if (revoke.length + grant.length > 0) await client.query([...revoke, ...grant].join(''));
}

/** Roles must be there before a dump gives them anything; what they may do is set right at the end. */
async function createRoles(client: pg.Client, facts: Facts): Promise<void> {
  const wanted = facts.base.facts().flatMap(({ id }) => (id.kind === 'role' ? [id.name] : []));
  const { rows } = await client.query<{ name: string }>('select rolname::text as name from pg_roles');
  const present = new Set(rows.map((row) => row.name));
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length > 0) await client.query(missing.map((name) => `create role ${quoteName(name)};`).join('\n'));
}

/** Settings of the target's database are made by its name: here a database of that name takes them. */
async function ensureStandIn(client: pg.Client, { facts, session }: State): Promise<void> {
  const name = facts.cluster?.database;
  if (name === undefined) return;
  const { rows } = await client.query<{ owner: string }>(
    'select pg_get_userbyid(datdba)::text as owner from pg_database where datname = $1',
    [name],
  );
  if (rows.length === 0) await client.query(`create database ${quoteName(name)} template template0`);
  if (rows[0]?.owner !== session.databaseOwner)
    await client.query(`alter database ${quoteName(name)} owner to ${quoteName(session.databaseOwner)}`);
}

/** Runs a dump in one transaction; `superusers` are made so while it lasts. */
export async function runDump(client: pg.Client, sql: string, superusers: string[] = []): Promise<void> {
  const alter = (word: string) => superusers.map((name) => `alter role ${quoteName(name)} ${word};\n`).join('');
  const lock = superusers.length > 0 ? 'lock table pg_catalog.pg_authid in share row exclusive mode;\n' : '';
  try {
    await client.query(`begin;\n${lock}${alter('superuser')}${sql}\n;${alter('nosuperuser')}commit`);
    await client.query('reset all');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new NotFaithful(`the dump can't be loaded: ${(error as Error).message}`);
  }
}

/** Who is to be a superuser while a dump is loaded: only one may own an event trigger, and an extension's functions belong to its maker. */
async function futureSuperusers(client: pg.Client, facts: Facts): Promise<string[]> {
  const owners = new Set(extensionMakers(facts).values());
  for (const { kind, from, to } of facts.base.edges) {
    if (kind === 'owner' && to.kind === 'role' && (from.kind === 'eventTrigger' || from.kind === 'fdw')) owners.add(to.name);
  }
  const { rows } = await client.query<{ name: string }>(
    'select rolname::text as name from pg_roles where not rolsuper and rolname = any($1)',
    [[...owners]],
  );
  return rows.map(({ name }) => name);
}

/** The dump with each extension made by the role that made it on the target, in the version that it has there. */
export function extensionsAsTheyWere(sql: string, facts: Facts, available: Set<string>, makers = new Map<string, string>()): string {
  const versions = facts.cluster?.extensions ?? {};
  const dump = splitDump(sql);
  const entries = dump.entries.map((entry) => {
    const { type, name } = titleOf(entry.header);
    if (type !== 'EXTENSION') return entry;
    const [maker, version] = [makers.get(name), versions[name]];
    const body =
      version !== undefined && available.has(`${name} ${version}`)
        ? entry.body.replace(/;\s*$/, ` VERSION ${quoteText(version)};\n`)
        : entry.body;
    return { ...entry, body: maker === undefined ? body : `set role ${quoteName(maker)};\n${body}reset role;\n` };
  });
  return joinDump({ ...dump, entries });
}

/** What a superuser grants is given by the owner: grants in a role's own name need it to be none. */
function givenByTheirGivers(sql: string, superusers: string[]): string {
  if (superusers.length === 0 || !sql.includes('SET SESSION AUTHORIZATION ')) return sql;
  const dump = splitDump(sql);
  const alter = (word: string) => superusers.map((name) => `alter role ${quoteName(name)} ${word};\n`).join('');
  const entries = dump.entries.map((entry) =>
    titleOf(entry.header).type === 'ACL' && entry.body.includes('SET SESSION AUTHORIZATION ')
      ? { ...entry, body: `${alter('nosuperuser')}${entry.body}${alter('superuser')}` }
      : entry,
  );
  return joinDump({ ...dump, entries });
}

/** "hstore 1.8", for all that the server could make. */
export async function availableVersions(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ extension: string }>(
    "select name || ' ' || version as extension from pg_available_extension_versions",
  );
  return new Set(rows.map(({ extension }) => extension));
}

/** The role that made each extension: its functions and types belong to that role. */
export function extensionMakers({ base }: Facts): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { kind, from, to } of base.edges) if (kind === 'owner' && to.kind === 'role') owners.set(encodeId(from), to.name);
  const makers = new Map<string, string>();
  for (const { kind, from, to } of base.edges) {
    const owner = kind === 'memberOfExtension' && from.kind !== 'schema' ? owners.get(encodeId(from)) : undefined;
    if (owner !== undefined && to.kind === 'extension') makers.set(to.name, owner);
  }
  return makers;
}

/**
 * What a dump does not carry (roles' rights, memberships, settings, default privileges) is brought over as facts. On a server that is not `ours` alone,
 * roles and settings are left as they are: they are everyone's there.
 */
export async function converge(
  client: pg.Client,
  goal: Facts,
  ownRoles: string[],
  { ours, standsFor }: { ours: boolean; standsFor: string | undefined },
): Promise<void> {
  const read = () =>
    readFacts(client, { insideTransaction: false, ignoreRoles: ownRoles, ...(standsFor === undefined ? {} : { database: standsFor }) });
  const loaded = await read();
  if (sameFacts(loaded, goal)) return;
  try {
    const transition = planTransition(loaded, goal);
    const statements = [...planSettings(transition), ...planStatements(transition)];
    await client.query('begin');
    const cluster = ours ? undefined : await clusterCheck(client);
    await client.query(statements.map((sql) => `${sql};\n`).join(''));
    if (cluster !== undefined && (await clusterCheck(client)) !== cluster)
      throw new Error('its server has other roles or settings, which a rehearsal does not touch');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new NotFaithful(`it could not be made equal to the target: ${(error as Error).message}`);
  }
  const differences = factDifferences(await read(), goal);
  if (differences.length > 0)
    throw new NotFaithful(`it differs from the target in ${differences.length} facts: ${differences.slice(0, 3).join('; ')}`);
}

async function requireExtensions(client: pg.Client, facts: Facts): Promise<void> {
  const wanted = facts.base.facts().flatMap(({ id }) => (id.kind === 'extension' ? [id.name] : []));
  const { rows } = await client.query<{ name: string }>('select name::text from pg_available_extensions');
  const available = new Set(rows.map((row) => row.name));
  const missing = wanted.filter((name) => !available.has(name));
  if (missing.length > 0) throw new NotFaithful(`the embedded PostgreSQL lacks extension ${missing.join(', ')}`);
}
