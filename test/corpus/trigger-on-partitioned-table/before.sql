create table public.journal (id int not null, at date not null) partition by range (at);
create table public.journal_2026 partition of public.journal for values from ('2026-01-01') to ('2027-01-01');
create function public.journal_note() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger journal_after after insert on public.journal for each row execute function public.journal_note();
