import type pg from 'pg';
import { connect } from '../target/connection.ts';
import type { Shadow } from './shadow.ts';

/** Removes the rows that a rehearsed migration inserted: a shadow holds the schema alone, or the next INSERT would meet its twin. */
export async function emptyShadow(shadow: Shadow): Promise<void> {
  const client = await connect(shadow.settings, { applicationName: 'supasnap shadow' });
  try {
    const { rows } = await client.query<{ reach: string }>(
      `select format('%I.%I', n.nspname, c.relname) as reach from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
         and not (n.nspname = 'pgmq' and c.relname = 'meta') and n.nspname <> 'cron' and pg_relation_size(c.oid) > 0`,
    );
    if (rows.length === 0) return;
    await silenceTriggers(client);
    await client.query(`truncate ${rows.map(({ reach }) => reach).join(', ')} restart identity cascade`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Where the role may not, triggers of TRUNCATE fire; they have no rows to act on. */
const silenceTriggers = (client: pg.Client) => client.query('set session_replication_role = replica').catch(() => {});
