alter table public.domains add constraint domains_host_key unique using index domains_host_idx;
