create table public.clicks (id bigint not null, url text) partition by hash (id);
create table public.clicks_0 partition of public.clicks for values with (modulus 2, remainder 0);
create table public.clicks_1 partition of public.clicks for values with (modulus 2, remainder 1);
create index clicks_url_idx on public.clicks (url);
insert into public.clicks select g, 'https://example.com/' || g from generate_series(1, 10) g;
