import type pg from 'pg';
import { versionChanges } from '../snapshot/cluster-facts.ts';
import type { Facts } from '../snapshot/facts.ts';
import { settlePlatform } from '../snapshot/platform-part.ts';
import { quoteName, quoteText } from '../sql-names.ts';

/** Extensions that can't go back to the version that they had, for PostgreSQL knows no way there. */
export async function stuckExtensions(client: pg.Client, from: Facts, to: Facts): Promise<{ name: string; from: string; to: string }[]> {
  const stuck: { name: string; from: string; to: string }[] = [];
  for (const change of versionChanges(from.cluster, to.cluster)) {
    const { rowCount } = await client.query(
      'select from pg_extension_update_paths($1) where source = $2 and target = $3 and path is not null',
      [change.name, change.from, change.to],
    );
    if (!rowCount) stuck.push(change);
  }
  return stuck;
}

export const stuckInWords = ({ name, from, to }: { name: string; from: string; to: string }): string =>
  `Extension ${name} stays at version ${from}: PostgreSQL knows no way from there to ${to}. Only to drop it with all that uses it, and to create it again, would lead back.`;

export const updateExtensions = (from: Facts, to: Facts): string[] =>
  versionChanges(from.cluster, to.cluster).map(
    ({ name, to: version }) => `ALTER EXTENSION ${quoteName(name)} UPDATE TO ${quoteText(version)}`,
  );

export async function readExtensionVersions(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; version: string }>(
    'select extname::text as name, extversion as version from pg_extension',
  );
  return Object.fromEntries(rows.map(({ name, version }) => [name, version]));
}

/** What was reached on a shadow, with the target's versions of extensions that the change did not touch: a shadow may have no other than its own. */
export function withVersionsOf(target: Facts, after: Facts, shadowBefore: Record<string, string>): Facts {
  if (!target.cluster || !after.cluster) return after;
  const versions = Object.entries(after.cluster.extensions).map(([name, version]) => [
    name,
    version === shadowBefore[name] ? (target.cluster!.extensions[name] ?? version) : version,
  ]);
  return { ...after, cluster: { ...after.cluster, extensions: Object.fromEntries(versions) as Record<string, string> } };
}

/** The state before a change as it can be reached again: what the change updated and can't be taken back stays. */
export async function reachable<S extends { facts: Facts }>(
  client: pg.Client,
  goal: S,
  after: Facts,
): Promise<{ goal: S; stays: string[] }> {
  const stuck = await stuckExtensions(client, after, goal.facts);
  if (stuck.length === 0) return { goal, stays: [] };
  const { facts } = settlePlatform(goal.facts, after, { extensions: new Set(stuck.map(({ name }) => name)), platform: false });
  return { goal: { ...goal, facts }, stays: stuck.map(stuckInWords) };
}
