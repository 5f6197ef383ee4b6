drop type public.mood cascade;
