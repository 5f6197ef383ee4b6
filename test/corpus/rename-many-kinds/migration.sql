alter view public.v rename to v2;
alter materialized view public.m rename to m2;
alter index public.m_idx rename to m2_idx;
alter procedure public.p() rename to p2;
alter aggregate public.agg(int) rename to agg2;
alter type public.c rename to c2;
alter domain public.d rename to d2;
