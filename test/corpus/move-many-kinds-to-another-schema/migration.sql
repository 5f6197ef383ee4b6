alter view public.unit_list set schema core;
alter materialized view public.unit_count set schema core;
alter sequence public.unit_no set schema core;
alter domain public.unit_name set schema core;
alter type public.unit_kind set schema core;
