import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Reporter } from '../context.ts';
import { type ConnectionSettings, withClient } from '../target/connection.ts';

/** A session that holds a lock which ours waits for. Ages are seconds. */
interface Blocker {
  pid: number;
  program: string | null;
  user: string | null;
  age: number;
  state: string | null;
  query: string | null;
}

interface WatchSettings {
  lockTimeoutMs: number;
  alertAfterMs: number;
}

/**
 * Runs what may have to wait for locks, and tells over another connection who holds them, each once, and after `alertAfterMs` that it is still
 * at work. Nothing is asked, and no connection opened, when it is quick.
 */
export async function whileWatching<T>(
  database: ConnectionSettings,
  client: pg.Client,
  report: Reporter,
  settings: WatchSettings,
  run: () => Promise<T>,
): Promise<T> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const over = new AbortController();
  const watching = watch(database, rows[0]!.pid, report, settings, over.signal).catch(() => {});
  try {
    return await run();
  } finally {
    over.abort();
    await watching;
  }
}

async function watch(
  database: ConnectionSettings,
  pid: number,
  report: Reporter,
  { lockTimeoutMs, alertAfterMs }: WatchSettings,
  signal: AbortSignal,
): Promise<void> {
  const patienceMs = Math.min(600, lockTimeoutMs / 3 || 600);
  const began = Date.now();
  await sleep(patienceMs, undefined, { signal });
  await withClient(database, async (client) => {
    const told = new Set<number>();
    for (let alerted = false; !signal.aborted; await sleep(patienceMs, undefined, { signal })) {
      const { rows } = await client.query<Blocker>(blockersOf, [pid]);
      for (const blocker of rows) if (!told.has(blocker.pid)) report.note(`Waiting for a lock held by ${inWords(blocker)}`);
      for (const blocker of rows) told.add(blocker.pid);
      if (alerted || alertAfterMs === 0 || Date.now() - began < alertAfterMs) continue;
      alerted = true;
      report.warn(
        `At work for ${Math.round((Date.now() - began) / 1000)} s by now. Nothing is committed yet; Ctrl-C takes all of it back.`,
      );
    }
  });
}

const blockersOf = `
select a.pid, nullif(a.application_name, '') as program, a.usename as user, a.state, a.query,
  extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.backend_start))::int as age
from unnest(pg_blocking_pids($1)) as b (pid) join pg_stat_activity a using (pid) order by a.xact_start`;

/** Another session's query is shown only as far as the server lets this role see it, and without its values: one may be a password. */
function inWords({ pid, program, user, age, state, query }: Blocker): string {
  const text = (query ?? '')
    .replace(/(\$\w*\$).*?(\1|$)|'(?:[^']|'')*('|$)/gs, "'…'")
    .replace(/\s+/g, ' ')
    .trim();
  const doing = text === '' || text === '<insufficient privilege>' ? '' : `: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
  return `session ${pid}${program ? ` of ${program}` : ''}${user ? ` as ${user}` : ''}, ${state ?? 'at work'} for ${age} s${doing}`;
}
