alter type public.kind rename to thing_kind;
alter type public.thing_kind set schema catalog;
