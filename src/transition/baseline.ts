import { Problem } from '../errors.ts';
import { migrationFromText } from '../history/from-text.ts';
import { isProject, rolesBeyond, withRolesOf } from '../shadow/ground.ts';
import { extensionMakers } from '../shadow/load.ts';
import type { Shadow } from '../shadow/shadow.ts';
import { entriesBeyond } from '../snapshot/beyond.ts';
import { titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { sameFacts } from '../snapshot/facts.ts';
import { rerunnable } from '../snapshot/spelling.ts';
import type { State } from '../snapshot/state.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import { withClient } from '../target/connection.ts';
import { changesCluster } from './cluster.ts';
import type { Timeouts } from './execute.ts';
import { forward } from './forward.ts';
import { planSettings, planStatements, planTransition } from '../planner/plan.ts';
import { unproven, type Proof } from './proof.ts';
import { proveCommitted, readReached, restOf, type ProveOptions } from './prove.ts';
import { migrationScript } from './script.ts';

/** SQL that makes, of a fresh project, what was found; and whether it was seen to do so. */
export interface Baseline {
  text: string;
  proof: Proof;
  /** What it makes, by kind as pg_dump names it. */
  entries: { type: string; count: number }[];
  /** Roles that it makes; their passwords are in no catalog that may be read. */
  roles: string[];
}

export interface BaselineInput extends ProveOptions {
  present: State;
  /** What a fresh project is; the shadow holds it. */
  ground: State;
  timeouts: Timeouts;
}

/** As pg_dump sets them: names are written whole, and what a function's body needs may come after it. */
const head = `set check_function_bodies = false;
select pg_catalog.set_config('search_path', '', false);
`;

/** The planner's blind spots are seen by planning again from what was reached. */
const mostRounds = 4;

/**
 * Finds what leads from a fresh project to the present state, running each part on the shadow: roles first, then the entries of the dump that
 * a fresh project has not, then what is still missing (grants that default privileges gave and are not there, settings, what users took away).
 * The whole is then run on a fresh project once more, and judged.
 */
export async function makeBaseline(shadow: Shadow, input: BaselineInput): Promise<Baseline> {
  const { present, ground, timeouts } = input;
  const entries = entriesBeyond(present.sql, ground.sql).filter((entry) => !isGrantOfSuperuser(entry, present));
  const roles = rolesToMake(input, entries);
  const parts: string[] = [];
  const run = async (part: string): Promise<void> => {
    if (part.trim() === '') return;
    parts.push(part);
    await runText(shadow, `${head}${part}`, timeouts);
  };
  const result = (proof: Proof): Baseline => ({
    text: parts.length === 0 ? '' : `${head}\n${parts.join('\n')}`,
    proof,
    entries: counted(entries),
    roles,
  });
  const made = rerunnable(entries.map(({ header, body }) => `${header}${body}`).join(''));
  if (!shadow.commits) {
    // That is the target itself: nothing is ever run there.
    parts.push(...[makeRoles(input, roles), made].filter((part) => part.trim() !== ''));
    return result(
      unproven(
        shadow.name,
        'no database but the target itself can hold it, and there nothing is run (an empty one with the same extensions can be given with --shadow <url>)',
      ),
    );
  }
  try {
    await makeExtensions(shadow, present, entries);
    await run(makeRoles(input, roles));
    await run(made);
    for (let round = 0; round < mostRounds; round++) {
      const reached = await readReached(shadow, present, input);
      const rest = restOf(present, reached).map(({ sql }) => sql);
      if (rest.length === 0) break;
      const settings = sameFacts(reached.facts, present.facts)
        ? []
        : planSettings(planTransition(reached.facts, present.facts, [], present.sql));
      await run(asText([...settings, ...rest]));
    }
    if (shadow.reload && parts.length > 0) {
      await shadow.reload(shadow.kind === 'embedded' ? ground : { ...ground, facts: withRolesOf(ground.facts, present.facts) });
      await makeExtensions(shadow, present, entries);
      await runText(shadow, result(unproven(shadow.name, '')).text, timeouts);
    }
    return result((await proveCommitted(shadow, present, input)).proof);
  } catch (error) {
    if (!(error instanceof Problem) && typeof (error as { severity?: unknown }).severity !== 'string') throw error;
    const problem = error as Problem & Error;
    const place = problem.place ? ` (${problem.place.text.trim().slice(0, 120)})` : '';
    return result(unproven(shadow.name, `part of it can't be run on a fresh database: ${problem.message.replace(/\.$/, '')}${place}`));
  }
}

/** What a superuser owns and a fresh project has not came with an extension, and so did its grants. */
function isGrantOfSuperuser({ header }: DumpEntry, { facts, session }: State): boolean {
  const { type, owner } = titleOf(header);
  if (type !== 'ACL' || owner === session.user) return false;
  return facts.base.get({ kind: 'role', name: owner })?.payload.superuser === true;
}

/**
 * Who gets what an extension brings is up to the server: a superuser of the platform, where our login asks for it. On a server of ours that
 * role makes it, unless its schema is yet to be made; the baseline's CREATE EXTENSION IF NOT EXISTS then finds it.
 */
async function makeExtensions(shadow: Shadow, { facts, session }: State, entries: DumpEntry[]): Promise<void> {
  if (shadow.kind !== 'embedded') return;
  const makers = extensionMakers(facts);
  await withClient(shadow.settings, async (client) => {
    for (const { header, body } of entries) {
      const { type, name } = titleOf(header);
      const maker = type === 'EXTENSION' ? makers.get(name) : undefined;
      if (maker === undefined || maker === session.user) continue;
      await client.query(`set role ${quoteName(maker)}; ${body}`).catch(() => {});
      await client.query('reset role');
    }
  });
}

async function runText(shadow: Shadow, text: string, timeouts: Timeouts): Promise<void> {
  const migration = await migrationFromText('the baseline', text);
  const script = migrationScript(migration, 'the baseline');
  if (shadow.kind !== 'embedded' && (await changesCluster(shadow, script, timeouts)))
    throw new Problem(3, 'shadow_failed', 'it changes roles of the whole server that the shadow shares');
  await forward(shadow, { script, timeouts });
}

/** Beside a plain database there are the roles of its whole server: those that its objects name are made, unless they are there. */
function rolesToMake({ present, ground }: BaselineInput, entries: DumpEntry[]): string[] {
  const beyond = rolesBeyond(present.facts, ground.facts).filter((name) => !/^cli_login_/.test(name));
  if (beyond.length > 0 || isProject(present.facts)) return beyond;
  const text = entries.map(({ body }) => body).join('');
  return present.facts.base.facts().flatMap(({ id, payload }) => {
    if (id.kind !== 'role' || payload.superuser === true || id.name === present.session.user || id.name === present.session.databaseOwner)
      return [];
    return namesRole(text, id.name) ? [id.name] : [];
  });
}

/** Whether a statement of a dump names the role: as an owner, in a grant, a policy or a membership. */
function namesRole(text: string, name: string): boolean {
  const written = /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteName(name);
  const quoted = written.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `(?:\\b(?:OWNER )?TO|FROM|FOR ROLE|AUTHORIZATION|FOR) (?:"?[\\w$]+"?, )*"?${quoted.replace(/^"|"$/g, '')}"?[\\s,;]`,
  ).test(text);
}

/**
 * Roles with their attributes, settings and memberships. A server may have them already, for roles outlive a reset of the database. Our login
 * becomes a member where it is one, for it has to give them things; from PostgreSQL 16 on it administers what it makes anyway.
 */
function makeRoles({ present, ground }: BaselineInput, roles: string[]): string {
  const { user } = present.session;
  const planned = planTransition(ground.facts, withRolesOf(ground.facts, present.facts));
  const statements = planStatements(planned).filter((sql) => !new RegExp(`^GRANT .* TO ${quoteName(user)}( WITH |$)`).test(sql));
  const member = roles.filter((role) => present.facts.base.has({ kind: 'membership', role, member: user }));
  return [
    ...roles.map(
      (name) =>
        `do $supasnap$ begin\n  if not exists (select from pg_catalog.pg_roles where rolname = ${quoteText(name)}) then\n    create role ${quoteName(name)};\n  end if;\nend $supasnap$;\n`,
    ),
    asText(statements.flatMap(afterMaking)),
    asText(member.map((role) => `GRANT ${quoteName(role)} TO ${quoteName(user)}`)),
  ].join('');
}

/** What CREATE ROLE gives by itself is left unsaid: who is no superuser may not even say NOSUPERUSER. */
function afterMaking(sql: string): string[] {
  const [, role, attributes] = /^CREATE ROLE ("(?:[^"]|"")*") WITH (.*)$/.exec(sql) ?? [];
  if (role === undefined) return /^CREATE ROLE /.test(sql) ? [] : [sql];
  const said = attributes!.split(' ').filter((word) => word === 'NOINHERIT' || (word !== 'INHERIT' && !word.startsWith('NO')));
  return said.length === 0 ? [] : [`ALTER ROLE ${role} WITH ${said.join(' ')}`];
}

const asText = (statements: string[]): string => [...new Set(statements)].map((sql) => `${sql.replace(/^SET LOCAL /, 'SET ')};\n`).join('');

function counted(entries: DumpEntry[]): { type: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { header } of entries) counts.set(titleOf(header).type, (counts.get(titleOf(header).type) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count }));
}
