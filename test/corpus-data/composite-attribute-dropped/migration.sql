alter type public.geo drop attribute note;
