import type pg from 'pg';

export const countNames = ['tables', 'views', 'policies', 'functions', 'triggers', 'enums', 'indexes', 'materialized_views'] as const;
export type CountName = (typeof countNames)[number];

/** One object of the schemas looked at. */
export interface FoundObject {
  kind: CountName;
  schema: string;
  name: string;
  /** The table of a policy or trigger; the identity arguments of a function. */
  of: string | null;
  /** Whether row-level security is on; null for what is not a table. */
  rls: boolean | null;
}

/**
 * How many tables, views, policies, functions, triggers, enums, indexes and materialized views the schemas hold, in one query.
 *
 * Partitions count as tables, foreign tables do not; functions are those of every sort, procedures and aggregates too; indexes are
 * all of them, those behind constraints too. Triggers and policies go by the schema of their table, a trigger that a partition
 * inherits is not counted again. What belongs to an extension, or hangs on its tables, is left out.
 */
export async function countObjects(client: pg.ClientBase, schemas: readonly string[]): Promise<Record<CountName, number>> {
  const { rows } = await client.query<{ kind: CountName; found: number }>(
    `SELECT kind, count(*)::int AS found FROM (${objectsOf("''::text")}) AS objects GROUP BY kind`,
    [schemas],
  );
  const counts = Object.fromEntries(countNames.map((kind) => [kind, 0])) as Record<CountName, number>;
  for (const { kind, found } of rows) counts[kind] = found;
  return counts;
}

/** The same objects by name. */
export async function listObjects(client: pg.ClientBase, schemas: readonly string[]): Promise<FoundObject[]> {
  const { rows } = await client.query<FoundObject>(objectsOf('pg_catalog.pg_get_function_identity_arguments(p.oid)'), [schemas]);
  return rows;
}

const objectsOf = (argumentsOfFunction: string) => `
  WITH spaces AS (SELECT oid, nspname::text AS schema FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::text[])),
  relations AS (
    SELECT c.oid, c.relkind, c.relname::text AS name, c.relrowsecurity, spaces.schema
    FROM pg_catalog.pg_class c JOIN spaces ON spaces.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                      AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'))
  SELECT CASE WHEN relkind IN ('r', 'p') THEN 'tables' WHEN relkind = 'v' THEN 'views' ELSE 'materialized_views' END AS kind,
         schema, name, NULL::text AS of, CASE WHEN relkind IN ('r', 'p') THEN relrowsecurity END AS rls
  FROM relations WHERE relkind <> 'f'
  UNION ALL
  SELECT 'policies', r.schema, p.polname::text, r.name, NULL
  FROM pg_catalog.pg_policy p JOIN relations r ON r.oid = p.polrelid
  UNION ALL
  SELECT 'triggers', r.schema, t.tgname::text, r.name, NULL
  FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
  SELECT 'indexes', r.schema, c.relname::text, r.name, NULL
  FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indrelid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT 'functions', spaces.schema, p.proname::text, ${argumentsOfFunction}, NULL
  FROM pg_catalog.pg_proc p JOIN spaces ON spaces.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                    AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
  UNION ALL
  SELECT 'enums', spaces.schema, t.typname::text, NULL, NULL
  FROM pg_catalog.pg_type t JOIN spaces ON spaces.oid = t.typnamespace
  WHERE t.typtype = 'e'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass
                    AND d.objid = t.oid AND d.deptype = 'e')`;
