alter table public.blobs set (toast.autovacuum_enabled = false, toast_tuple_target = 4096);
