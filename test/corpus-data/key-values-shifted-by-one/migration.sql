update public.steps set position = -position;
update public.steps set position = -position + 1;
insert into public.steps values (1, 'first');
