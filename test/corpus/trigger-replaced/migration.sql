create or replace trigger items_check before insert or update of qty on public.items
  for each row when (new.qty is not null) execute function public.check_qty();
