create table public.documents (
  id uuid primary key,
  slug text not null,
  constraint documents_slug_key unique (slug)
);
create table public.document_tags (document_id uuid, tag text);
