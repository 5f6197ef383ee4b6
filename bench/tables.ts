/** Tables as an application has them: a key, an index, a foreign key, a policy and a comment each, with row level security on. */
export const manyTables = (count: number): string => Array.from({ length: count }, (_, index) => oneTable(index + 1)).join('\n');

const oneTable = (n: number): string => `
create table public.item_${n} (
  id bigint generated always as identity primary key,
  owner uuid not null,
  parent bigint references public.item_${n > 1 ? n - 1 : n} (id),
  title text not null default '',
  created_at timestamptz not null default now()
);
create index item_${n}_owner on public.item_${n} (owner);
comment on table public.item_${n} is 'Items of kind ${n}';
alter table public.item_${n} enable row level security;
create policy "owners read ${n}" on public.item_${n} for select to authenticated using (owner = auth.uid());`;

/** A small migration: a column, an index on it, and a function. */
export const smallChange = (n: number): string => `alter table public.item_${n} add column note_${n} text;
create index item_${n}_note_${n} on public.item_${n} (note_${n});
create function public.count_${n}() returns bigint language sql stable as $$ select count(*) from public.item_${n} where note_${n} is not null $$;
`;

export const undoSmallChange = (n: number): string => `drop function public.count_${n}();
drop index public.item_${n}_note_${n};
alter table public.item_${n} drop column note_${n};
`;
