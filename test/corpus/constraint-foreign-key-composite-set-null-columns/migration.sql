alter table public.documents add constraint documents_author_fk
  foreign key (tenant_id, author_id) references public.tenants_users (tenant_id, user_id)
  match simple on update cascade on delete set null (author_id);
