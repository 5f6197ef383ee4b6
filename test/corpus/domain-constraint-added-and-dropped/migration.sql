alter domain public.zip drop constraint zip_digits;
alter domain public.zip add constraint zip_length check (char_length(value) between 3 and 10) not valid;
alter domain public.zip validate constraint zip_length;
