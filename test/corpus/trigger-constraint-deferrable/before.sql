create table public.splits (id int primary key, share numeric not null);
create function public.shares_add_up() returns trigger language plpgsql as $$
begin
  if (select sum(share) from public.splits) > 100 then raise exception 'over 100'; end if;
  return null;
end
$$;
create constraint trigger splits_sum after insert or update on public.splits
  deferrable initially deferred for each row execute function public.shares_add_up();
