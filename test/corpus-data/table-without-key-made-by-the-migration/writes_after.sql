insert into public.settings values ('c', '3'), ('b', '2'), ('none', null);
delete from public.settings where ctid = (select min(ctid) from public.settings where name = 'a');
update public.settings set value = '20' where ctid = (select min(ctid) from public.settings where name = 'b');
