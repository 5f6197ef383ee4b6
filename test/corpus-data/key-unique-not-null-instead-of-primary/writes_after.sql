insert into public.hosts values ('d.example.com', 22);
delete from public.hosts where name = 'a.example.com';
update public.hosts set port = 8443 where name = 'b.example.com';
