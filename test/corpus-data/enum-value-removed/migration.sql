alter type public.state rename to state_old;
create type public.state as enum ('draft', 'live');
alter table public.pages alter column state drop default;
alter table public.pages alter column state type public.state
  using (case state::text when 'review' then 'draft' else state::text end)::public.state;
alter table public.pages alter column state set default 'draft';
drop type public.state_old;
