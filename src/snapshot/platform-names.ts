/** Schemas that the platform makes and changes by itself. What belongs to a role of users in them is theirs. */
export const platformSchemas = [
  'auth',
  'storage',
  'realtime',
  'supabase_functions',
  'extensions',
  'graphql',
  'graphql_public',
  'vault',
  'pgsodium',
  'pgsodium_masks',
  'pgbouncer',
  'net',
  '_realtime',
  '_analytics',
  '_supavisor',
];

/** Roles that the platform makes; users may change what some of them are set to, and be members of some. */
export const isReservedRole = (name: string): boolean =>
  /^(anon|authenticated|authenticator|dashboard_user|pgbouncer|postgres|service_role|pgtle_admin)$|^(supabase_|cli_login_|pgsodium_key)/.test(
    name,
  );

/** Roles whose objects are the platform's own. */
export const isPlatformOwner = (name: string): boolean => isReservedRole(name) && !usersRoles.has(name);

/** Roles of the platform that users work with: their settings and objects are users'. */
export const usersRoles = new Set(['postgres', 'anon', 'authenticated', 'authenticator', 'service_role']);
