alter index public.idx1 rename to visits_at_idx;
