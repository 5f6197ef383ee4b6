revoke all on public.reports from authenticated;
revoke grant option for select on public.reports from anon;
grant truncate, references on public.reports to public;
revoke insert, update, delete on public.reports from anon;
