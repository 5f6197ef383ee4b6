do $$
declare
  t text;
begin
  foreach t in array array['a', 'b'] loop
    if exists (select 1 from public.switches where name = t and is_on) then
      execute format('update public.%I set v = v * 100 where id > 1', t || '_items');
    end if;
  end loop;
end
$$;
