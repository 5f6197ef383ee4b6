drop trigger amounts_inserted on public.amounts;
create trigger amounts_updated after update on public.amounts
  referencing old table as stale new table as fresh for each statement execute function public.log_batch();
