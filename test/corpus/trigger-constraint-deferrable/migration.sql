drop trigger splits_sum on public.splits;
create constraint trigger splits_sum after insert or update or delete on public.splits
  not deferrable for each row execute function public.shares_add_up();
