create function public.bump(counter text, step int default 1) returns int language plpgsql as $$
declare
  result int;
begin
  insert into public.counters (name, value) values (counter, step)
  on conflict (name) do update set value = counters.value + excluded.value
  returning value into result;
  return result;
end
$$;
create function public.total() returns bigint language sql stable parallel safe as 'select sum(value) from public.counters';
comment on function public.bump(text, int) is 'Adds to a counter, which it makes when it is not there';
