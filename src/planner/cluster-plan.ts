import { changedKeys, parseClusterKey, type ClusterFacts, type ClusterKey } from '../snapshot/cluster-facts.ts';
import { quoteName, quoteText } from '../sql-names.ts';

export interface ClusterPlan {
  /** Before roles go: what would hold them. */
  first: string[];
  /** When all roles are there. */
  last: string[];
}

/** Statements from one state's cluster-wide part to another's. `roles` are those of the goal: what belongs to others goes with them. */
export function planCluster(from: ClusterFacts | undefined, to: ClusterFacts | undefined, roles: Set<string>): ClusterPlan {
  const plan: ClusterPlan = { first: [], last: [] };
  if (!from || !to) return plan;
  for (const key of changedKeys(from, to)) {
    const parsed = parseClusterKey(key);
    const [now, wanted] = [valueAt(from, key), valueAt(to, key)];
    if (parsed[0] === 'grant') {
      if (now !== undefined) plan.first.push(`REVOKE ALL ON DATABASE ${quoteName(from.database)} FROM ${grantee(parsed[1])}`);
      if (wanted !== undefined) plan.last.push(...grants(from.database, parsed[1], wanted as string[]));
    } else if (rolesOf(parsed).every((role) => roles.has(role))) plan.last.push(...statementsOf(parsed, now, wanted, from.database));
  }
  return plan;
}

/** From PostgreSQL 16 on, who makes a role is its administrator by that: these grants come with CREATE ROLE, and would be given twice. */
export function impliedGrants(to: ClusterFacts | undefined, created: Set<string>): Set<string> {
  const implied = Object.entries(to?.entries ?? {}).flatMap(([key, value]) => {
    const [kind, member, role] = parseClusterKey(key);
    const { inherit_option: inherits, set_option: sets } =
      kind === 'options' ? (JSON.parse(value) as NonNullable<Options>) : { inherit_option: true, set_option: true };
    return inherits || sets || !created.has(role!) ? [] : [{ member, role: role! }];
  });
  return new Set(
    implied.flatMap(({ member, role }) => [
      `GRANT ${quoteName(role)} TO ${quoteName(member)} WITH ADMIN OPTION`,
      `GRANT ${quoteName(role)} TO ${quoteName(member)} WITH INHERIT FALSE, SET FALSE`,
    ]),
  );
}

const valueAt = ({ entries }: ClusterFacts, key: string): unknown => (entries[key] === undefined ? undefined : JSON.parse(entries[key]));

const rolesOf = (key: ClusterKey): string[] =>
  key[0] === 'setting' ? (key[1] === '' ? [] : [key[1]]) : key[0] === 'options' ? [key[1], key[2]] : [key[1]];

type Limits = { limit: number; until: string | null } | undefined;
type Options = { admin_option?: boolean; inherit_option?: boolean; set_option?: boolean } | undefined;

function statementsOf(key: ClusterKey, now: unknown, wanted: unknown, database: string): string[] {
  switch (key[0]) {
    case 'setting': {
      const where =
        key[1] === '' ? `ALTER DATABASE ${quoteName(database)}` : `ALTER ROLE ${quoteName(key[1])} IN DATABASE ${quoteName(database)}`;
      return [
        wanted === undefined
          ? `${where} RESET ${quoteName(key[2])}`
          : `${where} SET ${quoteName(key[2])} TO ${setting(key[2], wanted as string)}`,
      ];
    }
    case 'role': {
      const { limit = -1, until = null } = (wanted as Limits) ?? {};
      const was = (now as Limits) ?? { limit: -1, until: null };
      const changes = [
        ...(limit === was.limit ? [] : [`CONNECTION LIMIT ${limit}`]),
        ...(until === was.until ? [] : [`VALID UNTIL ${quoteText(until ?? 'infinity')}`]),
      ];
      return changes.length === 0 ? [] : [`ALTER ROLE ${quoteName(key[1])} WITH ${changes.join(' ')}`];
    }
    case 'comment':
      return [`COMMENT ON ROLE ${quoteName(key[1])} IS ${wanted === undefined ? 'NULL' : quoteText(wanted as string)}`];
    case 'options': {
      // One that comes or goes is pg-delta's; a new one has the options of its kind.
      if (wanted === undefined) return [];
      return [`GRANT ${quoteName(key[2])} TO ${quoteName(key[1])} WITH ${options(wanted as Options)}`];
    }
    case 'predefined': {
      const pair = `${quoteName(key[2])}`;
      if (wanted === undefined) return [`REVOKE ${pair} FROM ${quoteName(key[1])}`];
      const { admin_option: admin, ...rest } = wanted as NonNullable<Options>;
      const newer = Object.keys(rest).length > 0;
      return [
        ...(now !== undefined && !newer && (now as NonNullable<Options>).admin_option && !admin
          ? [`REVOKE ADMIN OPTION FOR ${pair} FROM ${quoteName(key[1])}`]
          : []),
        `GRANT ${pair} TO ${quoteName(key[1])}${newer ? ` WITH ADMIN ${word(admin)}, ${options(rest)}` : admin ? ' WITH ADMIN OPTION' : ''}`,
      ];
    }
    default:
      return [];
  }
}

const word = (value: boolean | undefined) => (value ? 'TRUE' : 'FALSE');
const options = (value: Options) => `INHERIT ${word(value?.inherit_option)}, SET ${word(value?.set_option)}`;

/** Lists of names are stored quoted already. */
const setting = (name: string, value: string) =>
  /^(search_path|temp_tablespaces|session_preload_libraries|local_preload_libraries)$/.test(name) ? value || "''" : quoteText(value);

const grantee = (name: string) => (name === 'PUBLIC' ? 'PUBLIC' : quoteName(name));

function grants(database: string, to: string, privileges: string[]): string[] {
  const list = (grantable: boolean) => privileges.filter((one) => one.endsWith('*') === grantable).map((one) => one.replace('*', ''));
  const grant = (names: string[], suffix: string) =>
    names.length === 0 ? [] : [`GRANT ${names.join(', ')} ON DATABASE ${quoteName(database)} TO ${grantee(to)}${suffix}`];
  return [...grant(list(false), ''), ...grant(list(true), ' WITH GRANT OPTION')];
}
