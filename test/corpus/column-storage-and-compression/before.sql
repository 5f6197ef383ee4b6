create table public.pages (id int primary key, html text, raw bytea, summary text);
alter table public.pages alter column raw set compression pglz;
alter table public.pages alter column summary set storage plain;
