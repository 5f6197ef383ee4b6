update public.secrets set hint = 'h2' where id = 1;
insert into public.secrets values (3, null, 'new');
