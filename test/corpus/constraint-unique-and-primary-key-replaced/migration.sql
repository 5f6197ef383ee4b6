alter table public.memberships drop constraint memberships_pkey;
alter table public.memberships drop constraint memberships_once;
alter table public.memberships add constraint memberships_pkey primary key (team_id, user_id);
alter table public.memberships add constraint memberships_id_key unique (id) deferrable initially deferred;
