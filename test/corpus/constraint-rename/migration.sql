alter table public.flags rename constraint c1 to flags_name_given;
alter table public.flags rename constraint flags_pkey to flags_primary;
alter table public.flag_values rename constraint fk1 to flag_values_flag_fk;
