create table public.owners (id uuid primary key);
create table public.pets (
  id int primary key,
  owner_id uuid,
  second_owner_id uuid references public.owners (id) match simple on update cascade,
  constraint pets_owner_fk foreign key (owner_id) references public.owners (id)
);
comment on constraint pets_owner_fk on public.pets is 'Who is called at night';
