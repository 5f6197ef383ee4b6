create table public.scores (id int primary key, points int) partition by hash (id);
create table public.scores_0 partition of public.scores for values with (modulus 2, remainder 0);
create table public.scores_1 partition of public.scores for values with (modulus 2, remainder 1);
