alter table public.pets drop constraint pets_owner_fk;
alter table public.pets add constraint pets_owner_fk foreign key (owner_id) references public.owners (id) on delete set null;
alter table public.pets drop constraint pets_second_owner_id_fkey;
