alter table public.people drop constraint people_email_key;
