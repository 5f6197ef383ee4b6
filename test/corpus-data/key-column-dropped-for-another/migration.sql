alter table public.members drop column id;
alter table public.members add primary key (email);
