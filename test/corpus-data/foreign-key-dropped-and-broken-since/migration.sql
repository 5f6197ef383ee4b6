alter table public.pets drop constraint pets_owner_fkey;
