create or replace view public.car_list as select id, make, price from public.cars where price > 0;
