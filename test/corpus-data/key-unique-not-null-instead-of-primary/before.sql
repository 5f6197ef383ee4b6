create table public.hosts (name text not null, ip inet, port int, constraint hosts_name_key unique (name));
