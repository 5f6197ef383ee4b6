create table public.ruled (id int primary key, v text, n int);
create table public.log (v text);
create rule locked as on update to public.ruled where old.v = 'locked' do instead nothing;
create rule logged as on insert to public.ruled do also insert into public.log values (new.v);
