insert into public.tickets values (3, 'new one'), (4, 'another');
