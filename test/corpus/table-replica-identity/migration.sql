alter table public.documents replica identity using index documents_slug_key;
alter table public.document_tags replica identity full;
