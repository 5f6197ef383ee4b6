create table public.blobs (id int primary key, body text) with (toast.autovacuum_enabled = true);
