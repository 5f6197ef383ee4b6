import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Reporter } from '../context.ts';
import { refused } from '../errors.ts';

/** Key of the advisory locks of all runners on one database. */
export const lockKey = 5_201_026_211_500;

/** One runner at a time on a target: holds the lock while `use` runs, and says for whom it waits. */
export async function withRunnerLock<T>(client: pg.Client, waitMs: number, report: Reporter, use: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (let told = false; !(await tryLock(client)); told = true) {
    const holder = await describeHolder(client);
    if (Date.now() >= deadline) {
      throw refused('locked', `Another runner is at work on this database: ${holder}.`, {
        state: 'Nothing was changed.',
        next: 'Wait until it is done, then run the command again (--lock-wait <time> waits longer).',
      });
    }
    if (!told) report.step(`Waiting for another runner: ${holder} …`);
    await sleep(Math.min(250, Math.max(20, deadline - Date.now())));
  }
  try {
    return await use();
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockKey]).catch(() => {});
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [lockKey]);
  return rows[0]!.locked;
}

async function describeHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `select format('session %s of %s, since %s', a.pid, coalesce(nullif(a.application_name, ''), 'an unnamed program'),
                   to_char(a.backend_start at time zone 'UTC', 'HH24:MI:SS "UTC"')) as who
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.classid = ($1::bigint >> 32)::oid and l.objid = ($1::bigint & 4294967295)::oid
       and l.database = (select oid from pg_database where datname = current_database())`,
    [lockKey],
  );
  return rows[0]?.who ?? 'it has just finished';
}
