create table public.members (
  id int primary key,
  email text not null,
  phone text,
  joined_on date not null default current_date
);
comment on column public.members.phone is 'With country code';
comment on column public.members.joined_on is 'First payment';
revoke all on public.members from anon, authenticated;
grant select (id, phone), update (phone) on public.members to authenticated;
