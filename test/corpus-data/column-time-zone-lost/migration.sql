alter table public.shifts alter column starts type date using (starts at time zone 'Europe/Berlin')::date;
