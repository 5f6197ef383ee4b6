create table public.prices (shop text, sku varchar(20), net numeric(8, 2), note text, primary key (sku, shop));
