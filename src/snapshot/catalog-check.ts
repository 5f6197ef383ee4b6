import type pg from 'pg';

/**
 * A cheap hash over the rows of the catalog: equal means that no DDL happened in between. It is silent on VACUUM,
 * ANALYZE, REINDEX, TRUNCATE and temporary tables. A different value only means "look closer": compare facts.
 */
export async function catalogCheck(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ check: string }>(checkQuery);
  return rows[0]!.check;
}

const ours =
  "(select oid from pg_namespace where nspname = 'supabase_migrations' or nspname like 'pg\\_temp\\_%' or nspname like 'pg\\_toast%')";
const relations = `(select oid from pg_class where relnamespace in ${ours})`;

/** Catalogs whose rows move only when their meaning does: hashed by xmin and ctid. */
const byRowVersion: [catalog: string, where?: string][] = [
  ['pg_attribute', `attrelid not in ${relations}`],
  ['pg_attrdef', `adrelid not in ${relations}`],
  ['pg_constraint', `connamespace not in ${ours}`],
  ['pg_type', `typnamespace not in ${ours}`],
  ['pg_enum'],
  ['pg_range'],
  ['pg_proc', `pronamespace not in ${ours}`],
  ['pg_aggregate'],
  ['pg_trigger', `tgrelid not in ${relations}`],
  ['pg_rewrite', `ev_class not in ${relations}`],
  ['pg_policy', `polrelid not in ${relations}`],
  ['pg_inherits'],
  ['pg_partitioned_table'],
  ['pg_sequence', `seqrelid not in ${relations}`],
  ['pg_namespace', `oid not in ${ours}`],
  ['pg_default_acl'],
  [
    'pg_description',
    `not (classoid = 'pg_class'::regclass and objoid in ${relations}) and not (classoid = 'pg_proc'::regclass and objoid in (select oid from pg_proc where pronamespace in ${ours})) and not (classoid = 'pg_namespace'::regclass and objoid in ${ours})`,
  ],
  ['pg_seclabel'],
  ['pg_init_privs'],
  ['pg_extension'],
  ['pg_event_trigger'],
  ['pg_publication'],
  ['pg_publication_rel'],
  ['pg_publication_namespace'],
  ['pg_foreign_data_wrapper'],
  ['pg_foreign_server'],
  ['pg_foreign_table'],
  ['pg_operator'],
  ['pg_opclass'],
  ['pg_opfamily'],
  ['pg_amop'],
  ['pg_amproc'],
  ['pg_am'],
  ['pg_cast'],
  ['pg_conversion'],
  ['pg_collation'],
  ['pg_language'],
  ['pg_transform'],
  ['pg_ts_config'],
  ['pg_ts_config_map'],
  ['pg_ts_dict'],
  ['pg_ts_parser'],
  ['pg_ts_template'],
  ['pg_statistic_ext'],
  ['pg_largeobject_metadata'],
  ['pg_db_role_setting', 'setdatabase in (0, (select oid from pg_database where datname = current_database()))'],
];

/** Catalogs whose rows also move without meaning (file nodes, statistics, the connection limit's neighbours): hashed by content. */
const byContent: [name: string, content: string, from: string][] = [
  [
    'pg_class',
    `(oid, relname, relnamespace, reltype, reloftype, relowner, relam, reltablespace, relpersistence, relkind, relnatts, relchecks, relrowsecurity, relforcerowsecurity, relreplident, relispartition, relacl, reloptions, pg_get_expr(relpartbound, oid))`,
    `pg_class where relnamespace not in ${ours}`,
  ],
  [
    'pg_index',
    '(indexrelid, indrelid, indnatts, indisunique, indnullsnotdistinct, indisprimary, indisexclusion, indimmediate, indisclustered, indisvalid, indisreplident, indkey, indoption, indexprs, indpred)',
    `pg_index where indrelid not in ${relations}`,
  ],
  [
    'pg_roles',
    '(rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, rolconfig)',
    "pg_roles where rolname not like 'cli\\_login\\_%'",
  ],
  ['pg_auth_members', "(to_jsonb(m) - 'oid')", 'pg_auth_members m'],
  ['pg_shdescription', '(objoid, classoid, description)', "pg_shdescription where classoid = 'pg_authid'::regclass"],
  ['pg_user_mappings', '(srvid, umuser, umoptions)', 'pg_user_mappings'],
  ['pg_database', '(datname, datdba, datacl)', 'pg_database where datname = current_database()'],
];

const hash = (expression: string) => `count(*) || '/' || coalesce(sum(hashtextextended(${expression}, 0)), 0)`;

const checkQuery = `select md5(concat_ws(',',
${[
  ...byRowVersion.map(
    ([catalog, where]) => `  (select ${hash('xmin::text || ctid::text')} from ${catalog}${where ? ` where ${where}` : ''})`,
  ),
  ...byContent.map(([, content, from]) => `  (select ${hash(`row${content}::text`)} from ${from})`),
].join(',\n')}
)) as check`;

/** The same over what belongs to the whole server: roles with their memberships, settings and comments, and its databases. */
export async function clusterCheck(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ check: string }>(`
    select md5(concat(
      (select string_agg(r::text, ',' order by rolname) from pg_roles r),
      (select string_agg((to_jsonb(m) - 'oid')::text, ',' order by roleid, member, grantor) from pg_auth_members m),
      (select string_agg(row(setrole, setdatabase, setconfig)::text, ',' order by setrole, setdatabase) from pg_db_role_setting),
      (select string_agg(row(objoid, classoid, description)::text, ',' order by classoid, objoid) from pg_shdescription),
      (select string_agg(row(datname, datdba, datacl)::text, ',' order by datname) from pg_database))) as check`);
  return rows[0]!.check;
}
