alter table public.readings cluster on readings_taken_idx;
