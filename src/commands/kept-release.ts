import type pg from 'pg';
import type { Context } from '../context.ts';
import { failed } from '../errors.ts';
import { guardTrigger } from '../history/schema.ts';
import { withTarget } from '../target/session.ts';
import { confirmByName } from './confirm.ts';
import { below } from './present.ts';
import { count, size } from './text.ts';

/** What is kept in the target. Sizes are bytes. */
export interface Kept {
  snapshots: number;
  runs: number;
  /** Tables of rows that a migration or rollback destroyed or changed. */
  rowTables: number;
  bytes: number;
  /** Tables that refuse TRUNCATE. */
  guarded: string[];
}

export interface Released extends Kept {
  target: string;
  /** False when there was nothing to release. */
  released: boolean;
}

/**
 * Lets TRUNCATE reach the tables in which the target keeps its snapshots and rollbacks, so that the Supabase CLI's
 * `migration down` and `db reset` can go on. Nothing is deleted by it. The next migrate or rollback guards them again.
 */
export function releaseKept(context: Context): Promise<Released> {
  return withTarget(context, async ({ client, target }) => {
    const kept = await readKept(client);
    if (kept.guarded.length === 0) return { ...kept, target: target.name, released: false };
    context.report.warn(`${target.name} keeps ${contents(kept)}, ${size(kept.bytes)} in all.`);
    const { snapshots, rollback } = context.config.folders;
    context.report.warn(
      `"supabase migration down" and "supabase db reset" will then empty these tables. What is left is what ${below(context, snapshots)}/ and ${below(context, rollback)}/ hold here${kept.rowTables > 0 ? '; the kept rows are in no file' : ''}.`,
    );
    context.report.note('The next migrate or rollback guards the tables again.');
    await confirmByName(context, target, `Allow TRUNCATE of supasnap's tables on ${target.name}?`);
    await disable(client, kept.guarded);
    return { ...kept, target: target.name, released: true };
  });
}

const contents = ({ snapshots, runs, rowTables }: Kept) =>
  [
    count(snapshots, 'snapshot'),
    `the record of ${count(runs, 'run')}`,
    ...(rowTables > 0 ? [`rows kept from ${count(rowTables, 'table')}`] : []),
  ].join(', ');

async function readKept(client: pg.Client): Promise<Kept> {
  const { rows } = await client.query<{ tables: string[]; guarded: string[]; bytes: string }>(
    `select coalesce(array_agg(c.relname::text), '{}') as tables,
            coalesce(array_agg(quote_ident(c.relname) order by c.relname) filter (where t.tgenabled <> 'D'), '{}') as guarded,
            coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes
     from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where t.tgname = $1 and c.relnamespace = to_regnamespace('supabase_migrations')`,
    [guardTrigger],
  );
  const { tables, guarded, bytes } = rows[0]!;
  const rowsOf = async (table: string) =>
    tables.includes(table)
      ? Number((await client.query<{ count: string }>(`select count(*) from supabase_migrations.${table}`)).rows[0]!.count)
      : 0;
  return {
    snapshots: await rowsOf('supasnap_snapshots'),
    runs: await rowsOf('supasnap_runs'),
    rowTables: tables.filter((table) => /^supasnap_kept_\d+$/.test(table)).length,
    bytes: Number(bytes),
    guarded,
  };
}

/** All tables or none; it does not queue behind long transactions. */
async function disable(client: pg.Client, tables: string[]): Promise<void> {
  try {
    await client.query(
      [
        'begin',
        "set local lock_timeout = '5s'",
        ...tables.map((table) => `alter table supabase_migrations.${table} disable trigger ${guardTrigger}`),
        'commit',
      ].join('; '),
    );
  } catch (error) {
    await client.query('rollback').catch(() => {});
    const { message, code } = error as Error & { code?: string };
    throw failed('sql_failed', `The tables could not be released: ${message}`, {
      state: 'Nothing was changed: TRUNCATE is still refused.',
      next:
        code === '42501'
          ? 'Connect as the owner of the tables in schema supabase_migrations.'
          : 'Another session uses these tables. Wait until it is done, then run the command again.',
      cause: error,
    });
  }
}
