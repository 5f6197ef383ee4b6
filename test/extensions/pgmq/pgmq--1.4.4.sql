-- A stand-in, for no package that tests can install holds the real extension: the documented functions, tables as members of the extension
-- (which they stop to be with ALTER EXTENSION pgmq DROP TABLE, as on a project that was paused).
create table pgmq.meta (
  queue_name varchar unique not null,
  is_partitioned boolean not null,
  is_unlogged boolean not null,
  created_at timestamptz default now() not null
);
select pg_catalog.pg_extension_config_dump('pgmq.meta', '');

create type pgmq.message_record as (msg_id bigint, read_ct integer, enqueued_at timestamptz, vt timestamptz, message jsonb);

-- Queues are named in lower case, whatever is asked for.
create function pgmq.table_of(queue_name text, kind text) returns text language sql immutable as $$
  select format('%s_%s', kind, lower(queue_name))
$$;

create function pgmq.make(queue_name text, unlogged boolean) returns void language plpgsql as $$
declare
  queue text := pgmq.table_of(queue_name, 'q');
  archive text := pgmq.table_of(queue_name, 'a');
  made text;
begin
  if to_regclass(format('pgmq.%I', queue)) is null then
    execute format('create %s table pgmq.%I (msg_id bigint generated always as identity primary key, read_ct integer not null default 0,
      enqueued_at timestamptz not null default now(), vt timestamptz not null, message jsonb)', case when unlogged then 'unlogged' else '' end, queue);
    execute format('create table pgmq.%I (msg_id bigint primary key, read_ct integer not null default 0, enqueued_at timestamptz not null default now(),
      archived_at timestamptz not null default now(), vt timestamptz not null, message jsonb)', archive);
    execute format('create index %I on pgmq.%I (vt)', queue || '_vt_idx', queue);
    execute format('create index %I on pgmq.%I (archived_at)', 'archived_at_idx_' || queue_name, archive);
    foreach made in array array[queue, archive] loop
      execute format('alter extension pgmq add table pgmq.%I', made);
    end loop;
  end if;
  insert into pgmq.meta (queue_name, is_partitioned, is_unlogged) values (queue_name, false, unlogged) on conflict do nothing;
end $$;

create function pgmq."create"(queue_name text) returns void language sql as $$ select pgmq.make(queue_name, false) $$;
create function pgmq.create_unlogged(queue_name text) returns void language sql as $$ select pgmq.make(queue_name, true) $$;

create function pgmq.drop_queue(queue_name text) returns boolean language plpgsql as $$
declare
  gone text;
begin
  foreach gone in array array[pgmq.table_of(queue_name, 'q'), pgmq.table_of(queue_name, 'a')] loop
    if to_regclass(format('pgmq.%I', gone)) is null then return false; end if;
    if exists (select from pg_depend where objid = format('pgmq.%I', gone)::regclass and deptype = 'e') then
      execute format('alter extension pgmq drop table pgmq.%I', gone);
    end if;
    execute format('drop table pgmq.%I', gone);
  end loop;
  delete from pgmq.meta m where m.queue_name = drop_queue.queue_name;
  return true;
end $$;

create function pgmq.send(queue_name text, msg jsonb, delay integer default 0) returns setof bigint language plpgsql as $$
begin
  return query execute format('insert into pgmq.%I (vt, message) values (clock_timestamp() + make_interval(secs => $2), $1) returning msg_id', pgmq.table_of(queue_name, 'q')) using msg, delay;
end $$;

create function pgmq.read(queue_name text, vt integer, qty integer) returns setof pgmq.message_record language plpgsql as $$
begin
  return query execute format('update pgmq.%1$I q set read_ct = read_ct + 1, vt = clock_timestamp() + make_interval(secs => $1)
    where msg_id in (select msg_id from pgmq.%1$I where vt <= clock_timestamp() order by msg_id limit $2 for update skip locked)
    returning q.msg_id, q.read_ct, q.enqueued_at, q.vt, q.message', pgmq.table_of(queue_name, 'q')) using vt, qty;
end $$;

create function pgmq.purge_queue(queue_name text) returns bigint language plpgsql as $$
declare
  purged bigint;
begin
  execute format('select count(*) from pgmq.%I', pgmq.table_of(queue_name, 'q')) into purged;
  execute format('truncate pgmq.%I', pgmq.table_of(queue_name, 'q'));
  return purged;
end $$;

create function pgmq.archive(queue_name text, msg_id bigint) returns boolean language plpgsql as $$
declare
  moved bigint;
begin
  execute format('with gone as (delete from pgmq.%I where msg_id = $1 returning msg_id, read_ct, enqueued_at, vt, message)
    insert into pgmq.%I (msg_id, read_ct, enqueued_at, vt, message) select * from gone', pgmq.table_of(queue_name, 'q'), pgmq.table_of(queue_name, 'a')) using msg_id;
  get diagnostics moved = row_count;
  return moved > 0;
end $$;
