grant usage, create on schema reporting to service_role;
revoke usage on schema reporting from authenticated;
revoke execute on function reporting.run() from public;
grant execute on function reporting.run() to service_role with grant option;
grant usage, select on sequence reporting.run_no to anon;
revoke usage on type reporting.format from public;
