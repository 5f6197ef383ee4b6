create table public.logs (id bigint primary key, message text not null, source text unique);
insert into public.logs values (1, 'x', 'a');
