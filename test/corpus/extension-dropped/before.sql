create extension if not exists hstore schema extensions;
create extension if not exists ltree schema extensions;
create table public.props (id int primary key, extra extensions.hstore not null default '', path extensions.ltree);
insert into public.props values (1, 'a=>1', 'top.sub');
