drop rule soft_delete on public.soft_live;
create rule soft_insert as on insert to public.soft_live do instead insert into public.soft (id) values (new.id);
