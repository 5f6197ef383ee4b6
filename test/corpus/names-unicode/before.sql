create table public.größen (id int primary key, länge numeric not null, 備考 text);
create type public.état as enum ('ouvert', 'fermé', 'в пути');
comment on table public.größen is 'Maße – «genau» ✓';
create function public.größer(a numeric) returns numeric language sql immutable as $tag$ select a * 2 -- größer
$tag$;
