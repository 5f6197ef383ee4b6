create table public.amounts (id int primary key, value numeric);
create table public.amounts_log (at timestamptz default now(), n bigint);
create function public.log_batch() returns trigger language plpgsql as $$
begin
  insert into public.amounts_log (n) select count(*) from fresh;
  return null;
end
$$;
create trigger amounts_inserted after insert on public.amounts
  referencing new table as fresh for each statement execute function public.log_batch();
