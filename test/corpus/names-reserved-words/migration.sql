alter table public."user" drop column "group";
drop table public."select";
alter table public."user" add column "end" public."type" default 'all';
create policy "create" on public."user" for select using ("table");
