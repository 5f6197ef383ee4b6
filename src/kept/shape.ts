import type pg from 'pg';

/** A table that holds rows of its own (or, for a partitioned one, of all its partitions), as it is at one moment. */
export interface TableShape {
  /** Key of Identity: 'c' and the oid. */
  key: string;
  schema: string;
  name: string;
  /** Partitioned tables are read and written through their root; others alone, without inheritance children. */
  partitioned: boolean;
  /** Key of the root, where this is a partition. */
  root?: string;
  columns: ColumnShape[];
  /** Column numbers of each key that tells rows apart: the primary key first, then unique keys without nulls. */
  rowKeys: number[][];
  /** Whether values must be unique, or keep out of each other's way, beyond the primary key: then two rows can't simply be given each other's. */
  exclusive: boolean;
  /** Whether it has rules for INSERT or UPDATE: then it takes no ON CONFLICT. */
  ruled: boolean;
  /** Changes when the rows' file does: TRUNCATE and rewrites. */
  fileNode: string;
  /** 'p' permanent, 'u' unlogged. */
  persistence: string;
  sequences: SequenceShape[];
}

export interface ColumnShape {
  number: number;
  name: string;
  /** As format_type prints it with an empty search_path. */
  type: string;
  /** Of the type itself: another one may have its name later. */
  typeNumber: number;
  /** Whether the type, or what it is made of, is PostgreSQL's own: its values can be kept in a column of that type. */
  builtIn: boolean;
  /** The attributes of the composite types that it is made of, to any depth: each with its number and type. Empty for other types. */
  parts: string[];
  /** One of an enum's labels. */
  label: boolean;
  /** Computed by the server; never written. */
  generated: boolean;
  identity: boolean;
  /** GENERATED ALWAYS: takes no value from outside. */
  identityAlways: boolean;
}

/** A sequence owned by a column. */
export interface SequenceShape {
  schema: string;
  name: string;
  column: number;
}

/** Every sequence of users but those of identity columns, by key; with its owner, where a column owns it. */
export async function readSequences(
  client: pg.Client,
): Promise<Map<string, { schema: string; name: string; table?: string; column?: number }>> {
  const { rows } = await client.query<{ key: string; schema: string; name: string; table: string | null; column: number | null }>(
    `select 'c' || c.oid as key, n.nspname as schema, c.relname as name, 'c' || d.refobjid as table, d.refobjsubid as column
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
     where c.relkind = 'S' and c.relpersistence <> 't' and d.deptype is distinct from 'i'
       and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations') and n.nspname not like 'pg\\_%'
       and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')`,
  );
  return new Map(rows.map(({ key, schema, name, table, column }) => [key, { schema, name, ...(table ? { table, column: column! } : {}) }]));
}

/** The shapes of all user tables, by key. Extension members, queues, temporary tables and our own schema are left out. */
export async function readShapes(client: pg.Client): Promise<Map<string, TableShape>> {
  const { rows } = await client.query<{ shape: TableShape }>(shapesQuery);
  return new Map(rows.map(({ shape }) => [shape.key, { ...shape, ...(shape.root ? {} : { root: undefined }) }]));
}

const shapesQuery = `
with recursive tables as (
  select c.oid, c.relname, n.nspname, c.relkind, c.relispartition, c.relpersistence, pg_relation_filenode(c.oid) as node
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations') and n.nspname not like 'pg\\_%'
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    and not (n.nspname = 'pgmq' and c.relname ~ '^[qa]_' and exists (select from pg_extension where extname = 'pgmq'))
), keys as (
  select i.indrelid, jsonb_agg(to_jsonb(i.indkey::int2[]) order by i.indisprimary desc, i.indnatts, i.indexrelid) as keys
  from pg_index i
  where i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null and i.indnkeyatts = i.indnatts
    and not exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[]) and not a.attnotnull)
  group by i.indrelid
), made as (
  select distinct y.oid as type, y.oid as part
  from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    join pg_type y on y.oid = a.atttypid and y.typnamespace <> 'pg_catalog'::regnamespace
  union
  select m.type, inside.part
  from made m join pg_type y on y.oid = m.part cross join lateral (
    select y.typelem as part where y.typcategory = 'A'
    union all select y.typbasetype where y.typtype = 'd'
    union all select a.atttypid from pg_attribute a where y.typtype = 'c' and a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped) inside
  where inside.part <> 0
), parts as (
  select m.type, jsonb_agg(distinct format('%s.%s %s %s', a.attrelid, a.attnum, a.atttypid, a.atttypmod)) as list
  from made m join pg_type y on y.oid = m.part and y.typtype = 'c' join pg_attribute a on a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
  group by m.type
)
select jsonb_build_object(
  'key', 'c' || t.oid, 'schema', t.nspname, 'name', t.relname, 'partitioned', t.relkind = 'p',
  'root', case when t.relispartition then 'c' || pg_partition_root(t.oid)::oid end,
  'fileNode', coalesce(t.node::text, ''), 'persistence', t.relpersistence,
  'rowKeys', coalesce(k.keys, '[]'),
  'exclusive', exists (select from pg_index i where i.indrelid = t.oid and not i.indisprimary and (i.indisunique or i.indisexclusion)),
  'ruled', exists (select from pg_rewrite r where r.ev_class = t.oid and r.ev_type in ('2', '3')),
  'columns', coalesce((
    select jsonb_agg(jsonb_build_object('number', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'typeNumber', a.atttypid::bigint,
      'builtIn', coalesce(e.typnamespace, y.typnamespace) = 'pg_catalog'::regnamespace and y.typtype in ('b', 'r', 'm')
        and not exists (select from pg_collation l where l.oid = a.attcollation and l.collnamespace <> 'pg_catalog'::regnamespace),
      'label', y.typtype = 'e', 'parts', coalesce((select p.list from parts p where p.type = a.atttypid), '[]'),
      'generated', a.attgenerated <> '', 'identity', a.attidentity <> '', 'identityAlways', a.attidentity = 'a') order by a.attnum)
    from pg_attribute a join pg_type y on y.oid = a.atttypid left join pg_type e on e.oid = y.typelem and y.typcategory = 'A'
    where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'sequences', coalesce((
    select jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', s.relname, 'column', d.refobjsubid) order by d.refobjsubid)
    from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.deptype in ('a', 'i')), '[]')) as shape
from tables t left join keys k on k.indrelid = t.oid
order by t.oid`;
