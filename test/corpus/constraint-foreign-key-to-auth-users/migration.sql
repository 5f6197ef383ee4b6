alter table public.likes drop constraint likes_user_fk;
alter table public.likes add column given_by uuid constraint likes_given_by_fk references auth.users (id) on delete set null;
