import type pg from 'pg';

/**
 * Which object is which, by the numbers that a rename keeps: one entry per named thing, keyed by catalog, oid and
 * column number. Numbers mean something only inside the same database of the same server: `origin` names it.
 */
export interface Identity {
  origin: string;
  things: Record<string, Thing>;
}

export interface Thing {
  kind: ThingKind;
  /** Empty for schemas and roles. */
  schema: string;
  name: string;
  /** Key of the table, type or domain it belongs to, and whose schema it is in. */
  parent?: string;
  /** Identity arguments of a function; 'owned' of a sequence or index that goes with a table, 'index' of a constraint that has one. */
  args?: string;
  /** Of a partition: the key of its table, and what belongs into it, as in FOR VALUES …. */
  partition?: { of: string; bound: string };
}

export type ThingKind =
  | 'schema'
  | 'role'
  | 'table'
  | 'foreign table'
  | 'view'
  | 'materialized view'
  | 'sequence'
  | 'index'
  | 'type'
  | 'domain'
  | 'function'
  | 'procedure'
  | 'aggregate'
  | 'column'
  | 'attribute'
  | 'label'
  | 'constraint'
  | 'domain constraint'
  | 'trigger'
  | 'policy';

export async function readIdentity(client: pg.Client): Promise<Identity> {
  const { rows } = await client.query<{
    key: string;
    kind: ThingKind;
    schema: string;
    name: string;
    parent: string | null;
    args: string | null;
  }>({
    text: identityQuery,
  });
  const { rows: also } = await client.query<{ origin: string; partitions: Record<string, { of: string; bound: string }> }>(
    `select (select system_identifier from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database()) as origin,
       (select coalesce(jsonb_object_agg('c' || c.oid, jsonb_build_object('of', 'c' || i.inhparent, 'bound', pg_get_expr(c.relpartbound, c.oid))), '{}')
        from pg_class c join pg_inherits i on i.inhrelid = c.oid where c.relispartition and c.relkind in ('r', 'p')) as partitions`,
  );
  const { origin, partitions } = also[0]!;
  const things: Record<string, Thing> = {};
  for (const { key, kind, schema, name, parent, args } of rows) {
    things[key] = {
      kind,
      schema,
      name,
      ...(parent ? { parent } : {}),
      ...(args !== null ? { args } : {}),
      ...(partitions[key] ? { partition: partitions[key] } : {}),
    };
  }
  return { origin, things };
}

/** The columns of every table in their order; equal where two databases would take `SELECT *` and `INSERT` alike. */
export function columnOrder({ things }: Identity): string {
  const tables = new Map<string, [number, string][]>();
  for (const [key, thing] of Object.entries(things)) {
    if (thing.kind !== 'column' && thing.kind !== 'attribute') continue;
    const parent = things[thing.parent!];
    if (!parent) continue;
    const table = `${parent.schema}.${parent.name}`;
    tables.set(table, [...(tables.get(table) ?? []), [Number(key.slice(key.indexOf('.') + 1)), thing.name]]);
  }
  return JSON.stringify([...tables].map(([table, columns]) => [table, columns.sort((a, b) => a[0] - b[0]).map(([, name]) => name)]).sort());
}

/** A thing by its names, whatever its numbers. */
export const pathOf = (identity: Identity, key: string | undefined): string => {
  const thing = key === undefined ? undefined : identity.things[key];
  return thing ? JSON.stringify([thing.kind, thing.schema, thing.name, thing.args ?? '', pathOf(identity, thing.parent)]) : '';
};

/**
 * What `target` becomes by a change that was seen on its shadow: what was there before keeps the target's number, under the name that it
 * has on the shadow now.
 */
export function carryIdentity(target: Identity, shadowBefore: Identity, shadowAfter: Identity): Identity {
  const targetKeys = new Map(Object.keys(target.things).map((key) => [pathOf(target, key), key]));
  const carried = (key: string) => (shadowBefore.things[key] && targetKeys.get(pathOf(shadowBefore, key))) ?? `new ${key}`;
  const things = Object.entries(shadowAfter.things).map(([key, thing]): [string, Thing] => [
    carried(key),
    {
      ...thing,
      ...(thing.parent ? { parent: carried(thing.parent) } : {}),
      ...(thing.partition ? { partition: { ...thing.partition, of: carried(thing.partition.of) } } : {}),
    },
  ]);
  return { origin: target.origin, things: Object.fromEntries(things) };
}

/** What a step made anew to reach a state is what had its name in that state: so a later step knows it when it is renamed. */
export function returnedAs(reached: Identity, state: Identity | undefined): Identity {
  if (!state) return reached;
  const then = new Map(Object.keys(state.things).map((key) => [pathOf(state, key), key]));
  const keys = new Map<string, string>();
  for (const key of Object.keys(reached.things)) {
    const known = state.things[key] ? undefined : then.get(pathOf(reached, key));
    if (known !== undefined && !reached.things[known]) keys.set(key, known);
  }
  const now = (key: string) => keys.get(key) ?? key;
  const things = Object.entries(reached.things).map(([key, thing]): [string, Thing] => [
    now(key),
    {
      ...thing,
      ...(thing.parent ? { parent: now(thing.parent) } : {}),
      ...(thing.partition ? { partition: { ...thing.partition, of: now(thing.partition.of) } } : {}),
    },
  ]);
  return { ...reached, things: Object.fromEntries(things) };
}

const identityQuery = `
with places as (
  select oid, nspname from pg_namespace
  where nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations') and nspname not like 'pg\\_temp\\_%' and nspname not like 'pg\\_toast%'
), members as (
  select classid, objid from pg_depend where deptype = 'e'
), relations as (
  select c.oid, c.relname, c.relkind, p.nspname from pg_class c join places p on p.oid = c.relnamespace
  where not exists (select from members m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
)
select 'n' || oid as key, 'schema' as kind, '' as schema, nspname::text as name, null as parent, null as args from places
union all
select 'r' || oid, 'role', '', rolname::text, null, null from pg_roles where oid >= 16384 and rolname not like 'cli\\_login\\_%'
union all
select 'c' || oid, case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
  when 'i' then 'index' when 'I' then 'index' when 'c' then 'type' else 'table' end, nspname, relname,
  case when relkind in ('i', 'I') then (select 'c' || indrelid from pg_index where indexrelid = relations.oid)
    when relkind = 'S' then (select 'c' || d.refobjid from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = relations.oid
      and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0 limit 1) end,
  case when relkind in ('i', 'I') or relkind = 'S' and exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = relations.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0) then 'owned' end
from relations
where not exists (select from pg_constraint k where k.conindid = relations.oid and k.contype in ('p', 'u', 'x'))
  and not exists (select from pg_depend d where relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = relations.oid and d.deptype = 'i')
union all
select 'c' || r.oid || '.' || a.attnum, case r.relkind when 'c' then 'attribute' else 'column' end, r.nspname, a.attname, 'c' || r.oid, null
from pg_attribute a join relations r on r.oid = a.attrelid
where r.relkind in ('r', 'p', 'm', 'f', 'c') and a.attnum > 0 and not a.attisdropped and a.attinhcount = 0
union all
select 't' || t.oid, case t.typtype when 'd' then 'domain' else 'type' end, p.nspname, t.typname, null, null
from pg_type t join places p on p.oid = t.typnamespace
where t.typtype in ('e', 'd', 'r') and not exists (select from members m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
union all
select 'e' || e.oid, 'label', p.nspname, e.enumlabel, 't' || t.oid, null
from pg_enum e join pg_type t on t.oid = e.enumtypid join places p on p.oid = t.typnamespace
where not exists (select from members m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
union all
select 'f' || f.oid, case f.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, p.nspname, f.proname, null,
  pg_get_function_identity_arguments(f.oid)
from pg_proc f join places p on p.oid = f.pronamespace
where not exists (select from members m where m.classid = 'pg_proc'::regclass and m.objid = f.oid)
union all
select 'k' || k.oid, case when k.contypid <> 0 then 'domain constraint' else 'constraint' end, p.nspname, k.conname,
  case when k.contypid <> 0 then 't' || k.contypid else 'c' || k.conrelid end, case when k.conindid <> 0 and k.contype in ('p', 'u', 'x') then 'index' end
from pg_constraint k join places p on p.oid = k.connamespace
where k.conparentid = 0 and k.coninhcount = 0 and k.contype <> 't' and k.contype <> 'n'
union all
select 'g' || g.oid, 'trigger', r.nspname, g.tgname, 'c' || r.oid, null
from pg_trigger g join relations r on r.oid = g.tgrelid
where not g.tgisinternal and g.tgparentid = 0
union all
select 'p' || l.oid, 'policy', r.nspname, l.polname, 'c' || r.oid, null
from pg_policy l join relations r on r.oid = l.polrelid
order by 1`;
