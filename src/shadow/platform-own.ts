import type { FactBase, StableId } from '@supabase/pg-delta';
import { titleOf, type DumpEntry } from '../snapshot/canonical-entries.ts';
import { platformSchemas } from '../snapshot/state.ts';

/** Roles that the hosted platform makes. */
const reserved = /^(anon|authenticated|authenticator|service_role|dashboard_user|pgbouncer|postgres|supabase_.*|cli_login_.*|pgsodium_.*|pgtle_admin)$/;
export const isReserved = (role: string): boolean => reserved.test(role);
const isPlatformRole = (role: string): boolean => isReserved(role) && role !== 'postgres';

const schemas = new Set(platformSchemas);
const extensions = new Set(['plpgsql', 'pg_stat_statements', 'pgcrypto', 'uuid-ossp', 'pg_graphql', 'supabase_vault', 'pgsodium', 'pgjwt']);

/**
 * Whether it is the platform's own and may be of another version there than in the fresh project that we know: what lies in its schemas and
 * belongs to its roles. What users may make there (policies, triggers with functions of theirs, grants) is not.
 */
export function isPlatformsOwn(id: StableId, base: FactBase): boolean {
  switch (id.kind) {
    case 'role':
      return isReserved(id.name);
    case 'membership':
      return isReserved(id.role) && isReserved(id.member);
    case 'defaultPrivilege':
      return isPlatformRole(id.role);
    case 'extension':
      return extensions.has(id.name);
    case 'acl':
    case 'comment':
    case 'securityLabel':
      return isPlatformsOwn(id.target, base);
    case 'policy':
      return false;
    case 'trigger':
      return schemas.has(id.schema) && functionSchemas(id, base).every((schema) => schemas.has(schema));
    default:
      return isInPlatform(id, base);
  }
}

function isInPlatform(id: StableId, base: FactBase): boolean {
  const extension = base.outgoingEdges(id).find(({ kind }) => kind === 'memberOfExtension');
  if (extension) return isPlatformsOwn(extension.to, base);
  const schema = id.kind === 'schema' ? id.name : 'schema' in id ? (id.schema ?? undefined) : undefined;
  if (schema !== undefined && !schemas.has(schema)) return false;
  if (schema === undefined && id.kind !== 'eventTrigger') return false;
  const owner = ownerOf(id, base);
  return owner !== undefined && isPlatformRole(owner);
}

/** Its own, or of the table that it is a part of. */
function ownerOf(id: StableId, base: FactBase): string | undefined {
  for (let at: StableId | undefined = id; at !== undefined; at = base.get(at)?.parent) {
    const edge = base.outgoingEdges(at).find(({ kind }) => kind === 'owner');
    if (edge?.to.kind === 'role') return edge.to.name;
  }
  return undefined;
}

const functionSchemas = (id: StableId, base: FactBase): string[] => base.outgoingEdges(id).flatMap(({ to }) => ((to.kind === 'function' || to.kind === 'procedure') && 'schema' in to ? [to.schema] : []));

/** The same of an entry of a dump. */
export function isPlatformsEntry({ header, body }: DumpEntry): boolean {
  const { name, type, schema, owner } = titleOf(header);
  if (type === 'EXTENSION') return extensions.has(name);
  if (type === 'COMMENT' && name.startsWith('EXTENSION ')) return extensions.has(name.slice('EXTENSION '.length));
  if (type === 'POLICY' || !isPlatformRole(owner)) return false;
  if (type === 'EVENT TRIGGER' || type === 'DEFAULT ACL') return true;
  if (type === 'SCHEMA') return schemas.has(name);
  if (type === 'ACL' && schema === '-') return /^SCHEMA /.test(name) && schemas.has(name.slice('SCHEMA '.length));
  // Grants on members of extensions are set right by facts.
  if (type === 'ACL' && schema === 'extensions') return false;
  if (type === 'TRIGGER') return schemas.has(schema) && schemas.has(/EXECUTE FUNCTION "?([\w$]+)"?\./.exec(body)?.[1] ?? '');
  return schemas.has(schema);
}
