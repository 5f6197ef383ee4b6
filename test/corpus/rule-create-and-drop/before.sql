create table public.soft (id int primary key, deleted boolean not null default false);
create view public.soft_live as select id from public.soft where not deleted;
create rule soft_delete as on delete to public.soft_live do instead update public.soft set deleted = true where id = old.id;
comment on rule soft_delete on public.soft_live is 'Never really gone';
