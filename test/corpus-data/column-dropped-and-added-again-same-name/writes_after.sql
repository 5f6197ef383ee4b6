update public.accounts set nickname = 'new joe' where id = 1;
insert into public.accounts values (4, 4, 'dan');
