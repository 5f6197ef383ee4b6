import type { Node } from 'libpg-query';
import type { Found, Severity } from './hazards.ts';
import { nameParts, tableName } from './tree.ts';

/** What of the platform stops working by a statement that takes away, switches off or closes what it stands on. */
export function platformHazards(node: Node): Found[] {
  if ('DropStmt' in node) return dropped(node.DropStmt);
  if ('AlterTableStmt' in node) return disabled(node.AlterTableStmt);
  if ('AlterPublicationStmt' in node) return unpublished(node.AlterPublicationStmt);
  if ('CreateFunctionStmt' in node) return replaced(node.CreateFunctionStmt);
  if ('DropRoleStmt' in node)
    return (node.DropRoleStmt.roles ?? [])
      .map(roleName)
      .filter(isReserved)
      .map((role) => high(`drops role ${role}`, `${whatRoleDoes(role)}`));
  if ('RenameStmt' in node)
    return node.RenameStmt.renameType === 'OBJECT_ROLE' && isReserved(node.RenameStmt.subname ?? '')
      ? [high(`renames role ${node.RenameStmt.subname}`, whatRoleDoes(node.RenameStmt.subname!), true)]
      : renamedSchema(node.RenameStmt);
  if ('AlterRoleStmt' in node) return changedRole(node.AlterRoleStmt);
  if ('GrantStmt' in node) return closedSchema(node.GrantStmt);
  if ('GrantRoleStmt' in node) return takenRole(node.GrantRoleStmt);
  return [];
}

type Of<Kind extends string> = Extract<Node, Record<Kind, unknown>> extends infer N ? N[Kind & keyof N] : never;

const schemas: Record<string, string> = {
  auth: 'Auth: nobody can sign in or sign up',
  storage: 'Storage: files can not be listed, read or written',
  realtime: 'Realtime: channels, broadcast and changes of rows stop',
  extensions: 'extensions: functions that defaults, policies and the platform itself call',
  vault: 'Vault: its secrets, and what reads them',
  graphql: 'the GraphQL API',
  graphql_public: 'the GraphQL API',
  supabase_functions: 'database webhooks',
  net: 'database webhooks and all that calls net.http_…',
  cron: 'scheduled jobs',
  pgmq: 'queues, with their messages',
  pgbouncer: 'connections through the pooler',
  pgsodium: 'the keys that Vault and encrypted columns use',
};

const extensions: Record<string, string> = {
  supabase_vault: 'Vault: its secrets can not be read any more',
  pgsodium: schemas.pgsodium!,
  pg_graphql: schemas.graphql!,
  pg_net: schemas.net!,
  pg_cron: 'scheduled jobs, every one of them',
  pgmq: schemas.pgmq!,
  pg_stat_statements: 'the reports of Studio on slow queries',
  pgcrypto: 'functions that Auth, defaults and policies call (crypt, gen_random_bytes, digest)',
  'uuid-ossp': 'functions that the defaults of storage and auth tables call (uuid_generate_v4)',
  pgjwt: 'functions that sign tokens',
};

const publications: Record<string, string> = {
  supabase_realtime: 'Realtime: clients hear of changes in no table any more',
  supabase_realtime_messages_publication: 'Realtime: broadcast from the database stops',
};

/** The platform's own triggers, by table. */
const triggers: Record<string, RegExp> = {
  'storage.objects': /^(?:update_objects_updated_at|objects_(?:insert|update|delete)\w*|protect_objects_delete)$/,
  'storage.buckets': /^(?:enforce_bucket_name_length_trigger|protect_buckets_delete|update_buckets\w*)$/,
  'storage.prefixes': /^prefixes_\w+$/,
  'realtime.subscription': /^tr_check_filters$/,
};

function dropped({ removeType, objects = [], behavior }: Of<'DropStmt'>): Found[] {
  const more = behavior === 'DROP_CASCADE' ? ' and what depends on it' : '';
  return objects.flatMap((object): Found[] => {
    const parts = nameParts(object);
    const name = parts.join('.');
    const [schema = '', last = ''] = [parts.at(-2), parts.at(-1)];
    switch (removeType) {
      case 'OBJECT_PUBLICATION':
        return publications[name] ? [high(`drops publication ${name}${more}`, publications[name], true)] : [];
      case 'OBJECT_EXTENSION':
        return extensions[name] ? [high(`drops extension ${name}${more}`, extensions[name])] : [];
      case 'OBJECT_SCHEMA':
        return schemas[name]
          ? [high(behavior === 'DROP_CASCADE' ? `drops schema ${name} and all in it` : `drops schema ${name}`, schemas[name])]
          : [];
      case 'OBJECT_TRIGGER':
        return triggers[parts.slice(-3, -1).join('.')]?.test(last)
          ? [
              high(
                `drops trigger ${last} on ${parts.slice(0, -1).join('.')}${more}`,
                `what the platform does with rows there: ${schemas[parts.at(-3)!]}`,
              ),
            ]
          : [];
      case 'OBJECT_EVENT_TRIGGER':
        return /^(?:pgrst_|issue_(?:pg_|graphql))/.test(name)
          ? [
              high(
                `drops event trigger ${name}${more}`,
                /^pgrst_/.test(name)
                  ? 'the API: it does not hear of changes of the schema any more'
                  : 'rights on extensions that are made later',
                true,
              ),
            ]
          : [];
      case 'OBJECT_TABLE':
      case 'OBJECT_VIEW':
      case 'OBJECT_TYPE':
        return ownSchemas.has(schema)
          ? [
              high(
                `drops ${word[removeType]} ${name}${more}`,
                `${removeType === 'OBJECT_TABLE' ? 'every row of it, and ' : ''}${schemas[schema]}`,
              ),
            ]
          : [];
      case 'OBJECT_FUNCTION':
      case 'OBJECT_PROCEDURE':
      case 'OBJECT_ROUTINE':
        return isOwnFunction(schema, last) ? [high(`drops ${word[removeType]} ${name}${more}`, whatFunctionDoes(schema))] : [];
      default:
        return [];
    }
  });
}

const word: Record<string, string> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_TYPE: 'type',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'procedure',
  OBJECT_ROUTINE: 'routine',
};

/** Where users make nothing of their own. */
const ownSchemas = new Set([
  'auth',
  'storage',
  'realtime',
  'vault',
  'graphql',
  'supabase_functions',
  'pgbouncer',
  'pgsodium',
  'net',
  'cron',
  'pgmq',
]);

/** In auth and storage users made functions of their own for years. */
const isOwnFunction = (schema: string, name: string): boolean =>
  schema === 'auth'
    ? /^(?:uid|role|jwt|email)$/.test(name)
    : schema === 'storage'
      ? /^(?:foldername|filename|extension|search\w*|list_\w+|can_insert_object|protect_delete|update_updated_at_column)$/.test(name)
      : ownSchemas.has(schema);

const whatFunctionDoes = (schema: string) =>
  schema === 'auth' ? 'every policy that calls it, so that no row is seen any more, or each' : schemas[schema]!;

function disabled({ relation, cmds = [] }: Of<'AlterTableStmt'>): Found[] {
  const table = tableName(relation);
  const schema = relation?.schemaname ?? '';
  return cmds.flatMap((command): Found[] => {
    if (!('AlterTableCmd' in command)) return [];
    const { subtype, name = '' } = command.AlterTableCmd;
    if (subtype === 'AT_DisableTrig' && triggers[table]?.test(name))
      return [high(`disables trigger ${name} on ${table}`, `what the platform does with rows there: ${schemas[schema]}`, true)];
    if ((subtype === 'AT_DisableTrigAll' || subtype === 'AT_DisableTrigUser') && ownSchemas.has(schema))
      return [high(`disables triggers on ${table}`, `what the platform does with rows there: ${schemas[schema]}`, true)];
    return subtype === 'AT_DisableRowSecurity' && ownSchemas.has(schema)
      ? [high(`switches row level security off on ${table}`, 'the protection of its policies: every role with a grant sees all rows', true)]
      : [];
  });
}

function unpublished({ pubname = '', pubobjects = [], action }: Of<'AlterPublicationStmt'>): Found[] {
  if (!publications[pubname] || (action !== 'AP_DropObjects' && action !== 'AP_SetObjects')) return [];
  const tables = pubobjects
    .flatMap((object) => ('PublicationObjSpec' in object ? [tableName(object.PublicationObjSpec.pubtable?.relation)] : []))
    .join(', ');
  const what =
    action === 'AP_DropObjects' ? `takes ${tables} out of publication ${pubname}` : `leaves only ${tables} in publication ${pubname}`;
  return [{ what, loses: 'Realtime: clients hear of changes there no more', severity: 'medium', returns: true, platform: true }];
}

function replaced({ funcname = [], replace }: Of<'CreateFunctionStmt'>): Found[] {
  const parts = funcname.flatMap(nameParts);
  const schema = parts.at(-2) ?? '';
  return replace && isOwnFunction(schema, parts.at(-1) ?? '')
    ? [high(`replaces function ${parts.join('.')}`, whatFunctionDoes(schema), true)]
    : [];
}

const renamedSchema = ({ renameType, subname = '' }: Of<'RenameStmt'>): Found[] =>
  renameType === 'OBJECT_SCHEMA' && schemas[subname] ? [high(`renames schema ${subname}`, schemas[subname], true)] : [];

const roles: Record<string, string> = {
  anon: 'the API for who is not signed in',
  authenticated: 'the API for who is signed in',
  service_role: 'the API for servers, with the service_role or a secret key',
  authenticator: 'the API: it logs in as this role',
  postgres: 'the SQL editor, migrations and direct connections',
  pgbouncer: 'connections through the pooler',
  dashboard_user: 'Studio',
  supabase_admin: 'the platform itself',
  supabase_auth_admin: schemas.auth!,
  supabase_storage_admin: schemas.storage!,
  supabase_realtime_admin: schemas.realtime!,
  supabase_functions_admin: schemas.supabase_functions!,
  supabase_replication_admin: 'read replicas',
  supabase_read_only_user: "Studio's assistants",
};

const isReserved = (role: string) => role in roles || role.startsWith('supabase_');
const whatRoleDoes = (role: string) => roles[role] ?? 'what the platform does with it';
const roleName = (node: Node | undefined): string => (node && 'RoleSpec' in node ? (node.RoleSpec.rolename ?? '') : '');

function changedRole({ role, options = [] }: Of<'AlterRoleStmt'>): Found[] {
  const name = role?.rolename ?? '';
  const changes = options.flatMap((option) => ('DefElem' in option ? [option.DefElem.defname ?? ''] : []));
  // ALTER GROUP … ADD USER says "rolemembers"; a connection limit closes nobody out for good.
  const counted = changes.filter((change) => change !== 'connectionlimit' && change !== 'rolemembers');
  return isReserved(name) && name !== 'postgres' && counted.length > 0
    ? [
        high(
          `changes role ${name} (${counted.map((change) => attributes[change] ?? change).join(', ')})`,
          `as it is now: ${whatRoleDoes(name)}`,
          !counted.includes('password'),
        ),
      ]
    : [];
}

const attributes: Record<string, string> = {
  canlogin: 'login',
  isreplication: 'replication',
  createrole: 'createrole',
  createdb: 'createdb',
  bypassrls: 'bypassrls',
  inherit: 'inherit',
  superuser: 'superuser',
  validUntil: 'valid until',
};

/** Those of the API; the others own their schemas. */
const apiRoles = new Set(['anon', 'authenticated', 'service_role', 'authenticator']);

function closedSchema({ is_grant, objtype, objects = [], privileges = [], grantees = [] }: Of<'GrantStmt'>): Found[] {
  if (is_grant || objtype !== 'OBJECT_SCHEMA') return [];
  const rights = privileges.flatMap((right) => ('AccessPriv' in right ? [right.AccessPriv.priv_name ?? ''] : []));
  if (rights.length > 0 && !rights.includes('usage')) return [];
  const closed = grantees.map(roleName).filter((role) => apiRoles.has(role) || (role.startsWith('supabase_') && role in roles));
  const names = objects.map((object) => nameParts(object).join('.')).join(', ');
  return closed.map((role) => high(`revokes usage of schema ${names} from ${role}`, `what is in there for ${whatRoleDoes(role)}`, true));
}

function takenRole({ is_grant, granted_roles = [], grantee_roles = [] }: Of<'GrantRoleStmt'>): Found[] {
  if (is_grant) return [];
  const granted = granted_roles.map((role) => ('AccessPriv' in role ? (role.AccessPriv.priv_name ?? '') : roleName(role)));
  return grantee_roles
    .map(roleName)
    .flatMap((grantee) =>
      isReserved(grantee) && grantee !== 'postgres'
        ? [
            high(
              `takes role ${granted.join(', ')} from ${grantee}`,
              grantee === 'authenticator' ? granted.map(whatRoleDoes).join('; ') : whatRoleDoes(grantee),
              true,
            ),
          ]
        : [],
    );
}

const high = (what: string, loses: string, returns?: boolean): Found => ({
  what,
  loses,
  severity: 'high' satisfies Severity,
  platform: true,
  ...(returns ? { returns: true as const } : {}),
});
