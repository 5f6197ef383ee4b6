drop trigger journal_after on public.journal;
create trigger journal_leaf after delete on public.journal_2026 for each row execute function public.journal_note();
