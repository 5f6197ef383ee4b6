import type { Node } from 'libpg-query';
import type { Statement } from './statements.ts';
import { codeOf, nameParts, withoutComments } from './tree.ts';

/**
 * Whether the hosted platform lets its non-superuser `postgres` run this (through `supautils`) and a plain server would not. The code
 * of a DO block is judged by its text, and a table by its written schema: `SET search_path` is not followed.
 */
export function needsPlatformRights(statement: Statement): boolean {
  const { node } = statement;
  if ('DoStmt' in node) return platformCode.test(withoutComments(codeOf(node) ?? '', { strings: true }));
  return onPlatformTable(node) || isPlatformObject(node) || setsPrivileged(node);
}

const platformSchemas = new Set(['auth', 'storage', 'realtime']);
const isPlatform = (schema: string | undefined) => schema !== undefined && platformSchemas.has(schema);

function onPlatformTable(node: Node): boolean {
  if ('CreatePolicyStmt' in node) return isPlatform(node.CreatePolicyStmt.table?.schemaname);
  if ('AlterPolicyStmt' in node) return isPlatform(node.AlterPolicyStmt.table?.schemaname);
  if ('CreateTrigStmt' in node) return isPlatform(node.CreateTrigStmt.relation?.schemaname);
  if ('RenameStmt' in node)
    return (
      (node.RenameStmt.renameType === 'OBJECT_POLICY' || node.RenameStmt.renameType === 'OBJECT_TRIGGER') &&
      isPlatform(node.RenameStmt.relation?.schemaname)
    );
  if (!('DropStmt' in node)) return false;
  const { removeType, objects = [] } = node.DropStmt;
  return (removeType === 'OBJECT_POLICY' || removeType === 'OBJECT_TRIGGER') && objects.some((name) => isPlatform(nameParts(name).at(-3)));
}

const platformKinds = new Set(['OBJECT_EVENT_TRIGGER', 'OBJECT_FDW', 'OBJECT_EXTENSION']);
const isPlatformKind = (kind: string | undefined) => kind !== undefined && platformKinds.has(kind);

function isPlatformObject(node: Node): boolean {
  if ('CreateEventTrigStmt' in node || 'AlterEventTrigStmt' in node) return true;
  if ('CreateFdwStmt' in node || 'AlterFdwStmt' in node) return true;
  if ('CreateExtensionStmt' in node || 'AlterExtensionStmt' in node) return true;
  if ('DropStmt' in node) return isPlatformKind(node.DropStmt.removeType);
  if ('CommentStmt' in node) return isPlatformKind(node.CommentStmt.objtype);
  if ('AlterOwnerStmt' in node) return isPlatformKind(node.AlterOwnerStmt.objectType);
  if ('RenameStmt' in node) return isPlatformKind(node.RenameStmt.renameType);
  if ('AlterObjectSchemaStmt' in node) return isPlatformKind(node.AlterObjectSchemaStmt.objectType);
  if ('CreatePublicationStmt' in node)
    return node.CreatePublicationStmt.for_all_tables === true || hasSchemas(node.CreatePublicationStmt.pubobjects);
  if ('AlterPublicationStmt' in node)
    return node.AlterPublicationStmt.for_all_tables === true || hasSchemas(node.AlterPublicationStmt.pubobjects);
  return false;
}

const hasSchemas = (objects: Node[] | undefined) =>
  (objects ?? []).some((object) => 'PublicationObjSpec' in object && object.PublicationObjSpec.pubobjtype?.includes('SCHEMA'));

/** Settings and role attributes that a superuser grants and supautils passes on to `postgres`. */
const settings =
  /^(session_replication_role|log_\w+|track_functions|wal_compression|auto_explain\..*|pgaudit\..*|pg_stat_statements\..*|pgrst\..*|pg_net\..*|plan_filter\..*|safeupdate\..*|track_io_timing)$/;
const attributes = new Set(['bypassrls', 'isreplication']);

function setsPrivileged(node: Node): boolean {
  if ('VariableSetStmt' in node) return settings.test(node.VariableSetStmt.name ?? '');
  if ('AlterRoleSetStmt' in node) return settings.test(node.AlterRoleSetStmt.setstmt?.name ?? '');
  if ('AlterDatabaseSetStmt' in node) return settings.test(node.AlterDatabaseSetStmt.setstmt?.name ?? '');
  const options = 'CreateRoleStmt' in node ? node.CreateRoleStmt.options : 'AlterRoleStmt' in node ? node.AlterRoleStmt.options : [];
  return (options ?? []).some((option) => 'DefElem' in option && attributes.has(option.DefElem.defname ?? ''));
}

const platformTable = String.raw`[\s\S]{0,400}?\bon\s+"?(?:auth|storage|realtime)"?\s*\.`;
const platformCode = new RegExp(
  [
    String.raw`\b(?:create|alter|drop)\s+policy\b${platformTable}`,
    String.raw`\b(?:create|drop)\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\b${platformTable}`,
    String.raw`\b(?:create|alter|drop)\s+event\s+trigger\b`,
    String.raw`\b(?:create|alter|drop)\s+(?:extension|foreign\s+data\s+wrapper)\b`,
    String.raw`\bpublication\b[\s\S]{0,200}?\b(?:for\s+all\s+tables|tables\s+in\s+schema)\b`,
    String.raw`\bset\s+(?:local\s+|session\s+)?session_replication_role\b`,
  ].join('|'),
  'i',
);
