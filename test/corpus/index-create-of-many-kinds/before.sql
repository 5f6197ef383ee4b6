create table public.articles (
  id bigint primary key,
  author_id uuid not null,
  title text not null,
  slug text,
  data jsonb not null default '{}',
  tags text[] not null default '{}',
  published_at timestamptz,
  deleted boolean not null default false
);
