import { dumpSchema } from '../../src/snapshot/pg-dump/dump.ts';
import { type ConnectionSettings, withClient } from '../../src/target/connection.ts';

/** All of a database that a run could change: pg_dump's text of every schema, the rows, the roles. */
export interface TargetState {
  dump: string;
  /** By table: those of public, of auth and of the history. */
  rows: Record<string, string[]>;
  roles: string[];
}

export const readState = (settings: ConnectionSettings): Promise<TargetState> =>
  withClient(settings, async (client) => {
    const text = async (sql: string) => (await client.query<{ text: string }>(sql)).rows.map((row) => row.text);
    const [version] = await text(`select current_setting('server_version_num') as text`);
    const { sql: dump } = await dumpSchema(settings, { choice: 'bundled', serverVersion: Number(version) });
    const tables =
      await text(`select format('%I.%I', n.nspname, c.relname) as text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname in ('public', 'supabase_migrations', 'auth') order by 1`);
    const rows: TargetState['rows'] = {};
    for (const table of tables) rows[table] = await text(`select t::text as text from ${table} t order by 1`);
    return { dump, rows, roles: await text('select r::text as text from pg_roles r order by rolname') };
  });
