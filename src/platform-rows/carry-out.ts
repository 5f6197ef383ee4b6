import type pg from 'pg';
import { quoteName } from '../sql-names.ts';
import type { Action } from './changes.ts';
import { place } from '../kept/item.ts';
import { holdMessages, returnMessages } from './messages.ts';
import type { Job, Queue, QueueAccess } from '../snapshot/jobs-and-queues.ts';

/** Through the extension's functions alone: role postgres may not write its tables. */
export async function carryOutJob(client: pg.Client, action: Action<Job>): Promise<void> {
  if ('remove' in action) await client.query('select cron.unschedule($1::bigint)', [action.remove.id]);
  else if ('create' in action) await schedule(client, action.create);
  else if (await mayCall(client, alterJob)) await alter(client, action.change, action.into);
  else {
    await client.query('select cron.unschedule($1::bigint)', [action.change.id]);
    await schedule(client, action.into);
  }
}

const alterJob = 'cron.alter_job(bigint,text,text,text,text,boolean)';
const scheduleInDatabase = 'cron.schedule_in_database(text,text,text,text,text,boolean)';

async function mayCall(client: pg.Client, signature: string): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    "select coalesce(has_function_privilege(to_regprocedure($1), 'execute'), false) as may",
    [signature],
  );
  return rows[0]!.may;
}

/** A role names no user but another: pg_cron asks for a superuser even where it is the same. */
const otherUser = 'nullif($5::text, current_user::text)';

async function schedule(client: pg.Client, job: Job): Promise<void> {
  const { name, schedule: when, command, database, username, active } = job;
  if (name !== null && (await mayCall(client, scheduleInDatabase))) {
    await client.query(`select cron.schedule_in_database($1, $2, $3, $4, ${otherUser}, $6)`, [
      name,
      when,
      command,
      database,
      username,
      active,
    ]);
    return;
  }
  const { rows } =
    name === null
      ? await client.query<{ id: string }>('select cron.schedule($1, $2) as id', [when, command])
      : await client.query<{ id: string }>('select cron.schedule($1, $2, $3) as id', [name, when, command]);
  const { rows: made } = await client.query<{ database: string; username: string }>(
    'select current_database()::text as database, current_user::text as username',
  );
  await alter(client, { ...job, ...made[0]!, id: rows[0]!.id, active: true }, job);
}

async function alter(client: pg.Client, from: Job, to: Job): Promise<void> {
  const changed = <K extends keyof Job>(field: K) => (from[field] === to[field] ? null : to[field]);
  const values = [from.id, changed('schedule'), changed('command'), changed('database'), changed('username'), changed('active')];
  if (values.slice(1).every((value) => value === null)) return;
  await client.query('select cron.alter_job($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::boolean)', values);
}

/** Makes, drops or changes a queue. One of another kind is made anew, and gets its messages back. */
export async function carryOutQueue(client: pg.Client, action: Action<Queue>): Promise<void> {
  if ('remove' in action) await dropQueue(client, action.remove.name);
  else if ('create' in action) await createQueue(client, action.create);
  else {
    const { change, into } = action;
    if (change.unlogged !== into.unlogged || change.partitioned !== into.partitioned) {
      const held = await holdMessages(client, change);
      await dropQueue(client, change.name);
      await createQueue(client, into);
      for (const copy of held) {
        await returnMessages(client, copy);
        await client.query(`drop table ${place(copy.relation)}`);
      }
    } else
      for (const access of into.access)
        await setAccess(
          client,
          change.access.find(({ table }) => table === access.table),
          access,
        );
  }
}

const dropQueue = (client: pg.Client, name: string) => client.query('select pgmq.drop_queue($1)', [name]);

/** The queue as it was, with whoever may use its tables. */
export async function createQueue(client: pg.Client, { name, unlogged, partitioned, partitions, access }: Queue): Promise<void> {
  if (partitioned)
    await client.query('select pgmq.create_partitioned($1, $2, $3)', [
      name,
      partitions?.interval ?? '10000',
      partitions?.retention ?? '100000',
    ]);
  else await client.query(`select pgmq.${unlogged ? 'create_unlogged' : 'create'}($1)`, [name]);
  for (const one of access) await setAccess(client, undefined, one);
}

async function setAccess(client: pg.Client, from: QueueAccess | undefined, to: QueueAccess): Promise<void> {
  const table = `pgmq.${quoteName(to.table)}`;
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
  if (!rows[0]!.there) return;
  if (to.rowSecurity !== (from?.rowSecurity ?? false))
    await client.query(`alter table ${table} ${to.rowSecurity ? 'enable' : 'disable'} row level security`);
  if (JSON.stringify(from?.policies ?? []) !== JSON.stringify(to.policies)) {
    const { rows: old } = await client.query<{ name: string }>(
      "select policyname as name from pg_policies where schemaname = 'pgmq' and tablename = $1",
      [to.table],
    );
    for (const { name } of old) await client.query(`drop policy ${quoteName(name)} on ${table}`);
    for (const policy of to.policies) await client.query(policy);
  }
  await setGrants(client, table, to.grants);
}

/** Both roles of an entry such as `anon=r/postgres` are there; nobody before the sign is everyone. */
const known = `not exists (select from unnest(array[split_part(entry, '=', 1), split_part(entry, '/', 2)]) as role where role <> '' and not exists (select from pg_roles where quote_ident(rolname) = role))`;

/** Exactly those: what default privileges gave to a new table goes. Grants to a role that is not there any more are left out. */
async function setGrants(client: pg.Client, table: string, grants: string[] | null): Promise<void> {
  const { rows } = await client.query<{ sql: string }>(
    `with wanted as (
       select a.grantee, a.privilege_type, a.is_grantable from pg_class c cross join lateral aclexplode(case when $2::text[] is null then acldefault('r', c.relowner) else array(select entry::aclitem from unnest($2::text[]) as entry where ${known}) end) a where c.oid = to_regclass($1)
     ), given as (
       select a.grantee, a.privilege_type, a.is_grantable from pg_class c cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a where c.oid = to_regclass($1)
     )
     select format('revoke %s on table %s from %s', privilege_type, $1::text, case grantee when 0 then 'public' else grantee::regrole::text end) as sql from (table given except table wanted) r
     union all
     select format('grant %s on table %s to %s%s', privilege_type, $1::text, case grantee when 0 then 'public' else grantee::regrole::text end, case when is_grantable then ' with grant option' else '' end)
     from (table wanted except table given) g`,
    [table, grants],
  );
  for (const { sql } of rows.sort((a, b) => (a.sql < b.sql ? 1 : -1))) await client.query(sql);
}
