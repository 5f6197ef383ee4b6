alter table public.feed drop column source;
alter table public.feed add column lang text not null default 'en';
