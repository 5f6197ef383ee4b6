create table public.domains (id int primary key, host text not null);
create unique index domains_host_idx on public.domains (host);
