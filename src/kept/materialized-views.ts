import type pg from 'pg';
import { quoteName } from '../sql-names.ts';

/** Materialized views that hold rows, with the number of their file, by oid. */
export type FilledViews = Map<string, string>;

export const filledViews = `select c.oid::text as oid, pg_relation_filenode(c.oid)::text as file, n.nspname as schema, c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'm' and c.relispopulated and c.relpersistence <> 't' and n.nspname <> 'pg_catalog' and pg_has_role(c.relowner, 'usage') order by c.oid`;

export async function readFilledViews(client: pg.Client): Promise<FilledViews> {
  const { rows } = await client.query<{ oid: string; file: string }>(filledViews);
  return new Map(rows.map(({ oid, file }) => [oid, file]));
}

/** Fills again what the run itself filled while rows were still on their way; one that is made of another comes after that. */
export async function refreshFilled(client: pg.Client, before: FilledViews): Promise<void> {
  const { rows } = await client.query<{ oid: string; file: string; schema: string; name: string }>(filledViews);
  for (const { oid, file, schema, name } of rows) {
    if (before.get(oid) !== file) await client.query(`refresh materialized view ${quoteName(schema)}.${quoteName(name)}`);
  }
}
