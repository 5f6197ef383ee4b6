insert into public.settings (key, value) values ('colour', 'blue'), ('shape', 'round'), ('size', 'xl')
on conflict (key) do update set value = excluded.value;
insert into public.settings (key, value) values ('lang', 'fr') on conflict do nothing;
