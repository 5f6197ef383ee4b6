create table public.feed (id bigint not null, at date not null, source text default 'web', body text) partition by range (at);
create table public.feed_2026 partition of public.feed for values from ('2026-01-01') to ('2027-01-01');
create table public.feed_rest partition of public.feed default;
insert into public.feed values (1, '2026-02-02', 'mail', 'x');
