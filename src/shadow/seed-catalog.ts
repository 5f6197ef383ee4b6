import type pg from 'pg';

/** What seeding needs to know of a database, read in one query. */
export interface SeedCatalog {
  /** By schema and name. Partitions are not among them: what is said of them is with their root. */
  tables: SeedTable[];
  /** Every type that a value of these tables is made of, by number. */
  types: Map<number, SeedType>;
  /** Whether triggers fire even when they are asked to be quiet. */
  loudTriggers: boolean;
}

export interface SeedTable {
  number: number;
  schema: string;
  name: string;
  partitioned: boolean;
  columns: SeedColumn[];
  foreignKeys: SeedForeignKey[];
  /** Text of CHECK constraints, those of partitions too, and of what generated columns are made of. */
  checks: string[];
  /** Unique keys of columns alone, for all rows. */
  keys: { columns: string[]; nullsEqual: boolean }[];
  /** Which columns have a part in a constraint or index, by its name. */
  parts: Record<string, string[]>;
  /** The columns that each generated column is made of, by its name. */
  generated: Record<string, string[]>;
  /** For each partition that holds rows, the condition on its rows. */
  partitions: string[];
  /** Columns that place a row in a partition, on every level. */
  partitionColumns: string[];
}

export interface SeedColumn extends TypeUse {
  name: string;
  /** Schema and name of its type, with a dot between. */
  typeName: string;
  place: number;
  nullable: boolean;
  hasDefault: boolean;
  /** The sequence that its default draws from. */
  sequence: { reach: string; start: string; increment: string } | null;
}

export interface SeedForeignKey {
  name: string;
  columns: string[];
  /** Number of the table; of the root, where `partition` is the number of the partition that is referred to. */
  parent: number;
  partition?: number;
  parentColumns: string[];
  /** Operators that compare parent with child, qualified. */
  operators: string[];
  full: boolean;
}

/** A type and what stands in brackets after it: varchar(5) has the modifier '5', numeric(10,2) has '10,2'. */
export interface TypeUse {
  type: number;
  modifier: string;
}

export interface SeedType {
  number: number;
  /** Qualified and quoted. */
  reach: string;
  /** Bare. PostgreSQL's own types are known by it. */
  name: string;
  builtIn: boolean;
  kind: 'base' | 'array' | 'composite' | 'domain' | 'enum' | 'range' | 'multirange';
  /** Of an array, a domain, a range or a multirange. */
  of?: TypeUse;
  labels: string[];
  attributes: TypeUse[];
  checks: string[];
}

interface CatalogRows {
  /** Partitions too. `root` is the table itself where it is none. */
  relations: {
    number: number;
    root: number;
    schema: string;
    name: string;
    partitioned: boolean;
    condition: string | null;
    placedBy: string[];
  }[];
  columns: (SeedColumn & { table: number })[];
  constraints: {
    root: number;
    name: string;
    kind: string;
    columns: string[];
    definition: string | null;
    foreignKey: Omit<SeedForeignKey, 'name' | 'columns'> | null;
  }[];
  indexes: { root: number; name: string; columns: string[]; plain: boolean; nullsEqual: boolean; unique: boolean }[];
  generated: { table: number; name: string; columns: string[]; definition: string }[];
  types: SeedType[];
  loudTriggers: boolean;
}

export async function readSeedCatalog(client: pg.Client): Promise<SeedCatalog> {
  const { rows } = await client.query<CatalogRows>(catalogQuery);
  const { relations, columns, constraints, indexes, generated, types, loudTriggers } = rows[0]!;
  const [columnsOf, generatedOf] = [byTable(columns, 'table'), byTable(generated, 'table')];
  const [constraintsOf, indexesOf, members] = [byTable(constraints, 'root'), byTable(indexes, 'root'), byTable(relations, 'root')];
  const tables = relations
    .filter(({ number, root }) => number === root)
    .map(({ number, schema, name, partitioned }): SeedTable => {
      const held = constraintsOf.get(number) ?? [];
      const made = generatedOf.get(number) ?? [];
      const indexed = indexesOf.get(number) ?? [];
      const partitions = partitioned ? members.get(number)! : [];
      return {
        number,
        schema,
        name,
        partitioned,
        columns: (columnsOf.get(number) ?? []).map(({ table: _, ...column }) => column),
        foreignKeys: held.flatMap(({ name, columns, foreignKey }) => (foreignKey ? [{ ...foreignKey, name, columns }] : [])),
        checks: [...new Set([...held, ...made].flatMap(({ definition }) => definition ?? []))],
        keys: unique(indexed.filter((index) => index.unique).map(({ columns, nullsEqual }) => ({ columns, nullsEqual }))),
        parts: Object.fromEntries([...held.filter(({ kind }) => kind !== 'f'), ...indexed].map(({ name, columns }) => [name, columns])),
        generated: Object.fromEntries(made.map(({ name, columns }) => [name, columns])),
        partitions: partitions.flatMap(({ condition, partitioned }) => (condition === null || partitioned ? [] : [condition])),
        partitionColumns: [...new Set(partitions.flatMap(({ placedBy }) => placedBy))],
      };
    });
  return { tables, types: new Map(types.map((type) => [type.number, type])), loudTriggers };
}

function byTable<K extends string, T extends Record<K, number>>(rows: T[], key: K): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) groups.set(row[key], [...(groups.get(row[key]) ?? []), row]);
  return groups;
}

/** Partitions say again what their root says. */
const unique = <T>(items: T[]): T[] => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];

const modifierOf = (type: string, modifier: string) =>
  `coalesce(substring(format_type(${type}, ${modifier}) from '\\(([0-9, -]+)\\)'), '')`;

/** Names of columns by the numbers that they have in one table. */
const namesOf = (numbers: string, table: string) =>
  `(select coalesce(jsonb_agg(a.attname order by u.place), '[]') from unnest(${numbers}) with ordinality u (number, place) join pg_attribute a on a.attrelid = ${table} and a.attnum = u.number)`;

const listOf = (name: string, fields: string, order: string) =>
  `(select coalesce(jsonb_agg(jsonb_build_object(${fields}) order by ${order}), '[]') from ${name}) as ${name}`;

const catalogQuery = `
with recursive relations as materialized (
  select c.oid, c.relname, n.nspname, c.relkind = 'p' as partitioned, c.relispartition, coalesce(pg_partition_root(c.oid)::oid, c.oid) as root,
    case when c.relispartition then pg_get_partition_constraintdef(c.oid) end as condition,
    (select coalesce(jsonb_agg(a.attname), '[]') from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid
     where p.partrelid = c.oid and (a.attnum = any(p.partattrs::int2[]) or exists (
       select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refobjid = c.oid and d.refobjsubid = a.attnum))) as placed_by
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations') and n.nspname not like 'pg\\_%'
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), sequences as materialized (
  select d.adrelid as relation, d.adnum as number, p.refobjid as sequence
  from pg_attrdef d join pg_depend p on p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
    join pg_class s on s.oid = p.refobjid and s.relkind = 'S'
  union all
  select p.refobjid, p.refobjsubid, p.objid
  from pg_depend p join pg_class s on s.oid = p.objid and s.relkind = 'S'
  where p.classid = 'pg_class'::regclass and p.refclassid = 'pg_class'::regclass and p.deptype = 'i'
), drawn as materialized (
  select distinct on (o.relation, o.number) o.relation, o.number,
    jsonb_build_object('reach', format('%I.%I', n.nspname, s.relname), 'start', q.seqstart::text, 'increment', q.seqincrement::text) as sequence
  from sequences o join pg_class s on s.oid = o.sequence join pg_namespace n on n.oid = s.relnamespace join pg_sequence q on q.seqrelid = s.oid
  order by o.relation, o.number, o.sequence
), columns as materialized (
  select r.oid as relation, a.attname, a.attnum, a.atttypid, ${modifierOf('a.atttypid', 'a.atttypmod')} as modifier, n.nspname || '.' || y.typname as type_name,
    not a.attnotnull and not y.typnotnull as nullable, a.atthasdef or a.attidentity <> '' or y.typdefault is not null as defaulted, d.sequence
  from relations r join pg_attribute a on a.attrelid = r.oid join pg_type y on y.oid = a.atttypid join pg_namespace n on n.oid = y.typnamespace
    left join drawn d on d.relation = a.attrelid and d.number = a.attnum
  where not r.relispartition and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
), generated as materialized (
  select r.oid as relation, a.attname, pg_get_expr(g.adbin, g.adrelid) as definition,
    (select coalesce(jsonb_agg(distinct s.attname), '[]') from pg_depend d join pg_attribute s on s.attrelid = d.refobjid and s.attnum = d.refobjsubid
     where d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid and d.refobjsubid not in (0, a.attnum)
       and (d.classid = 'pg_attrdef'::regclass and d.objid = g.oid or d.classid = 'pg_class'::regclass and d.objid = r.oid and d.objsubid = a.attnum)) as columns
  from relations r join pg_attribute a on a.attrelid = r.oid join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
  where not r.relispartition and a.attgenerated <> '' and not a.attisdropped
), constraints as materialized (
  select r.root, c.conname, c.contype, ${namesOf('c.conkey', 'c.conrelid')} as columns, cardinality(c.conkey) as width,
    case when c.contype = 'c' then pg_get_constraintdef(c.oid) end as definition,
    case when c.contype = 'f' and c.conparentid = 0 then jsonb_build_object('parent', coalesce(pg_partition_root(c.confrelid)::oid, c.confrelid)::bigint,
      'partition', case when p.relispartition then c.confrelid::bigint end, 'parentColumns', ${namesOf('c.confkey', 'c.confrelid')}, 'full', c.confmatchtype = 'f',
      'operators', (select jsonb_agg(format('operator(%I.%s)', n.nspname, o.oprname) order by u.place)
        from unnest(c.conpfeqop) with ordinality u (number, place) join pg_operator o on o.oid = u.number join pg_namespace n on n.oid = o.oprnamespace)) end as foreign_key
  from relations r join pg_constraint c on c.conrelid = r.oid left join pg_class p on p.oid = c.confrelid
), indexes as materialized (
  select r.root, c.relname, i.indnullsnotdistinct as nulls_equal, not r.relispartition and i.indpred is null and i.indexprs is null and not i.indisexclusion as is_unique,
    case when i.indexprs is null then ${namesOf('(i.indkey::int2[])[0:i.indnkeyatts - 1]', 'i.indrelid')} else
      (select coalesce(jsonb_agg(distinct a.attname), '[]') from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
       where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = i.indrelid and d.refobjsubid > 0) end as columns
  from relations r join pg_index i on i.indrelid = r.oid join pg_class c on c.oid = i.indexrelid
  where i.indisunique or i.indisexclusion
), used (type) as (
  select atttypid from columns
  union
  select next.type from used u join pg_type y on y.oid = u.type cross join lateral (
    select y.typbasetype as type where y.typtype = 'd'
    union all select y.typelem where y.typcategory = 'A' and y.typelem <> 0
    union all select r.rngsubtype from pg_range r where r.rngtypid = y.oid
    union all select r.rngtypid from pg_range r where r.rngmultitypid = y.oid
    union all select a.atttypid from pg_attribute a where y.typtype = 'c' and a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped) next
), types as (
  select y.*, n.nspname, y.typcategory = 'A' and y.typelem <> 0 as is_array from used u join pg_type y on y.oid = u.type join pg_namespace n on n.oid = y.typnamespace
)
select
  ${listOf('relations', "'number', oid::bigint, 'root', root::bigint, 'schema', nspname, 'name', relname, 'partitioned', partitioned, 'condition', condition, 'placedBy', placed_by", 'nspname, relname')},
  ${listOf('columns', "'table', relation::bigint, 'name', attname, 'place', attnum, 'type', atttypid::bigint, 'typeName', type_name, 'modifier', modifier, 'nullable', nullable, 'hasDefault', defaulted, 'sequence', sequence", 'relation, attnum')},
  ${listOf('constraints', "'root', root::bigint, 'name', conname, 'kind', contype, 'columns', columns, 'definition', definition, 'foreignKey', foreign_key", 'width desc, conname')},
  ${listOf('indexes', "'root', root::bigint, 'name', relname, 'columns', columns, 'nullsEqual', nulls_equal, 'unique', is_unique", 'relname')},
  ${listOf('generated', "'table', relation::bigint, 'name', attname, 'columns', columns, 'definition', definition", 'relation, attname')},
  ${listOf(
    'types',
    `'number', oid::bigint, 'reach', format('%I.%I', nspname, typname), 'name', typname, 'builtIn', typnamespace = 'pg_catalog'::regnamespace,
    'kind', case when is_array then 'array' else case typtype when 'c' then 'composite' when 'd' then 'domain' when 'e' then 'enum' when 'r' then 'range' when 'm' then 'multirange' else 'base' end end,
    'of', case when typtype = 'd' then jsonb_build_object('type', typbasetype::bigint, 'modifier', ${modifierOf('typbasetype', 'typtypmod')})
      when is_array then jsonb_build_object('type', typelem::bigint, 'modifier', '')
      when typtype = 'r' then (select jsonb_build_object('type', r.rngsubtype::bigint, 'modifier', '') from pg_range r where r.rngtypid = types.oid)
      when typtype = 'm' then (select jsonb_build_object('type', r.rngtypid::bigint, 'modifier', '') from pg_range r where r.rngmultitypid = types.oid) end,
    'labels', (select coalesce(jsonb_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = types.oid),
    'attributes', case when typtype = 'c' then (
      select coalesce(jsonb_agg(jsonb_build_object('type', a.atttypid::bigint, 'modifier', ${modifierOf('a.atttypid', 'a.atttypmod')}) order by a.attnum), '[]')
      from pg_attribute a where a.attrelid = typrelid and a.attnum > 0 and not a.attisdropped) else '[]' end,
    'checks', (select coalesce(jsonb_agg(pg_get_constraintdef(c.oid) order by c.conname), '[]') from pg_constraint c where c.contypid = types.oid and c.contype = 'c')`,
    'nspname, typname',
  )},
  exists (select from pg_trigger where not tgisinternal and tgenabled in ('A', 'R')) as "loudTriggers"`;
