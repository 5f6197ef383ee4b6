drop index public.parcels_postcode_idx;
