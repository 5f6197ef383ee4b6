create table public.samples (
  id int primary key,
  tags text[] default '{}',
  grid int[],
  doc jsonb,
  raw bytea,
  net inet,
  span int4range,
  spans int4multirange,
  pause interval,
  bits bit varying(8),
  word tsvector,
  price money,
  spot point,
  other text
);
