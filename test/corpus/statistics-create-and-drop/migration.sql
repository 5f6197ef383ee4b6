drop statistics public.trips_place;
create statistics public.trips_km (mcv) on km, (km % 10) from public.trips;
alter statistics public.trips_km set statistics 200;
