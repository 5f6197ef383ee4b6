create table public.memberships (
  id bigserial primary key,
  team_id int not null,
  user_id uuid not null,
  constraint memberships_once unique (team_id, user_id)
);
insert into public.memberships (team_id, user_id) values (1, '00000000-0000-0000-0000-000000000001');
