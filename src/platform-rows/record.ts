import type pg from 'pg';
import type { KeptItem } from '../kept/item.ts';
import { quoteName, quoteText } from '../sql-names.ts';
import type { Change } from './changes.ts';
import { newRelation } from './messages.ts';

/** Copies of jobs and queues, and of messages. The rest of the engine knows tables of users alone, and never sees these. */
export const isPlatformItem = ({ fate }: KeptItem): boolean => fate === 'jobs' || fate === 'queues' || fate === 'messages';

/** The copies that are of tables of users. */
export const tableItems = (runs: KeptItem[][]): KeptItem[][] => runs.map((items) => items.filter((item) => !isPlatformItem(item)));

/** Writes what a run did to jobs, or to queues, into a kept table of its own; undefined where it did nothing. */
export async function recordChanges<T extends object>(
  client: pg.Client,
  fate: 'jobs' | 'queues',
  changes: Change<T>[],
): Promise<KeptItem | undefined> {
  if (changes.length === 0) return undefined;
  const relation = await newRelation(client);
  const place = `supabase_migrations.${quoteName(relation)}`;
  await client.query(`create table ${place} (mark text, before jsonb, after jsonb)`);
  await client.query(`select supabase_migrations.supasnap_close(${quoteText(relation)})`);
  for (const { before, after, gone } of changes) {
    await client.query(`insert into ${place} values ($1, $2, $3)`, [
      gone ? 'g' : before === null ? 'i' : after === null ? 'd' : 'c',
      before && JSON.stringify(before),
      (gone ?? after) && JSON.stringify(gone ?? after),
    ]);
  }
  const table =
    fate === 'jobs'
      ? { key: '', schema: 'cron', name: 'job', partitioned: false }
      : { key: '', schema: 'pgmq', name: 'meta', partitioned: false };
  return { relation, table, rowKey: [], columns: [], fate, sequences: [] };
}

/** What runs did to jobs, or to queues, oldest first. `undoing` are their copies, the newest run first and in each the newest copy. */
export async function readChanges<T extends object>(
  client: pg.Client,
  fate: 'jobs' | 'queues',
  undoing: KeptItem[][],
): Promise<Change<T>[]> {
  const changes: Change<T>[] = [];
  for (const { relation } of undoing
    .flat()
    .filter((item) => item.fate === fate)
    .reverse()) {
    const { rows } = await client.query<{ mark: string; before: T | null; after: T | null }>(
      `select mark, before, after from supabase_migrations.${quoteName(relation)} order by ctid`,
    );
    changes.push(
      ...rows.map(({ mark, before, after }) => (mark === 'g' ? { before: null, after: null, gone: after! } : { before, after })),
    );
  }
  return changes;
}
