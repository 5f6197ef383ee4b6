insert into public.log values ('1', 'x'), ('1', 'y'), ('2', 'z'), ('3', 'w');
