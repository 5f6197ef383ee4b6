create schema "My Schema";
create table "My Schema"."Weird ""Table"" name" (
  "ID" int constraint "The Key" primary key,
  "select" text,
  "with space" text default 'a "quoted" default',
  "it's" int
);
create index "An ""Index""" on "My Schema"."Weird ""Table"" name" ("with space");
comment on column "My Schema"."Weird ""Table"" name"."it's" is 'It''s odd';
