create table public.hits (id int not null, day date not null, url text, primary key (id, day)) partition by range (day);
create table public.hits_2025 partition of public.hits for values from ('2025-01-01') to ('2026-01-01');
create table public.hits_2026 partition of public.hits for values from ('2026-01-01') to ('2027-01-01');
