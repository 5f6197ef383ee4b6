drop trigger stops_frozen on public.stops;
