update public.parcels set state = 'sent' where id = 3;
insert into public.parcels values (5, 'us', 'new');
delete from public.parcels where id = 1;
