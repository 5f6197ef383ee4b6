create table public.people (id int primary key, fullname text not null, constraint fullname_given check (fullname <> ''));
create index people_fullname_idx on public.people (lower(fullname));
create view public.people_names as select fullname from public.people;
insert into public.people values (1, 'Ada');
