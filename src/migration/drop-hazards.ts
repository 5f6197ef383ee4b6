import type { Node } from 'libpg-query';
import type { Found, Severity } from './hazards.ts';
import { nameParts } from './tree.ts';

/** What a DROP statement takes away. */
export function dropHazards(node: Node): Found[] {
  if ('DropStmt' in node) return dropped(node.DropStmt);
  if ('DropRoleStmt' in node)
    return roles(node.DropRoleStmt.roles).map((role) => found(`drops role ${role}`, 'its memberships and settings', 'medium'));
  if ('DropOwnedStmt' in node)
    return roles(node.DropOwnedStmt.roles).map((role) =>
      found(`drops everything that ${role} owns`, 'those objects with their rows, and grants to that role', 'high'),
    );
  if ('DropdbStmt' in node) return [found(`drops database ${node.DropdbStmt.dbname}`, 'all of it', 'high')];
  if ('DropSubscriptionStmt' in node)
    return [found(`drops subscription ${node.DropSubscriptionStmt.subname}`, 'its place in the stream of changes', 'medium')];
  if ('DropUserMappingStmt' in node)
    return [found(`drops a user mapping of server ${node.DropUserMappingStmt.servername}`, 'the password in it', 'medium')];
  return [];
}

type Drop = Extract<Node, { DropStmt: unknown }>['DropStmt'];

/** The word for it, what is lost, how bad; tables first, for they hold rows. */
const kinds: Record<string, [word: string, loses: string, severity: Severity]> = {
  OBJECT_TABLE: ['table', 'every row of it', 'high'],
  OBJECT_SCHEMA: ['schema', 'its grants and comment', 'low'],
  OBJECT_TYPE: ['type', 'the type', 'low'],
  OBJECT_DOMAIN: ['domain', 'the domain', 'low'],
  OBJECT_SEQUENCE: ['sequence', 'the number it had reached', 'medium'],
  OBJECT_MATVIEW: ['materialized view', 'its stored rows, which can be computed again', 'low'],
  OBJECT_VIEW: ['view', 'its definition', 'low'],
  OBJECT_FOREIGN_TABLE: ['foreign table', 'its definition; the rows are elsewhere', 'low'],
  OBJECT_EXTENSION: ['extension', 'its objects with what they hold', 'medium'],
  OBJECT_POLICY: ['policy', 'what it allowed or forbade', 'medium'],
  OBJECT_TRIGGER: ['trigger', 'what it does for rows written meanwhile', 'medium'],
  OBJECT_EVENT_TRIGGER: ['event trigger', 'what it guarded', 'medium'],
  OBJECT_FUNCTION: ['function', 'its definition and grants', 'low'],
  OBJECT_PROCEDURE: ['procedure', 'its definition and grants', 'low'],
  OBJECT_ROUTINE: ['routine', 'its definition and grants', 'low'],
  OBJECT_AGGREGATE: ['aggregate', 'its definition and grants', 'low'],
  OBJECT_INDEX: ['index', 'its definition; queries may become slow', 'low'],
  OBJECT_PUBLICATION: ['publication', 'its list of tables; subscribers stop', 'medium'],
  OBJECT_FOREIGN_SERVER: ['server', 'its options', 'medium'],
  OBJECT_STATISTIC_EXT: ['statistics object', 'its definition', 'low'],
  OBJECT_TSCONFIGURATION: ['text search configuration', 'its definition', 'low'],
  OBJECT_TSDICTIONARY: ['text search dictionary', 'its definition', 'low'],
  OBJECT_TSPARSER: ['text search parser', 'its definition', 'low'],
  OBJECT_TSTEMPLATE: ['text search template', 'its definition', 'low'],
  OBJECT_FDW: ['foreign data wrapper', 'its options', 'medium'],
};

function dropped({ removeType = 'OBJECT_TABLE', objects = [], behavior }: Drop): Found[] {
  const [word, loses, severity] = kinds[removeType] ?? [
    removeType.replace('OBJECT_', '').toLowerCase().replaceAll('_', ' '),
    'its definition',
    'low',
  ];
  const cascade = behavior === 'DROP_CASCADE';
  return objects.map((object) => {
    const parts = nameParts(object);
    const isOn = removeType === 'OBJECT_POLICY' || removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE';
    const name = isOn ? `${parts.at(-1)} on ${parts.slice(0, -1).join('.')}` : parts.join('.');
    if (!cascade) return { ...found(`drops ${word} ${name}`, loses, severity), ...(definitions.has(removeType) ? { returns: true } : {}) };
    if (removeType === 'OBJECT_SCHEMA')
      return found(`drops schema ${name} and all in it`, 'every table in it with its rows, and what depends on them', 'high');
    const depends = takesColumns.has(removeType) ? 'all that depends on it, columns with their values included' : 'all that depends on it';
    return found(
      `drops ${word} ${name} and what depends on it`,
      `${loses}, and ${depends}`,
      takesColumns.has(removeType) ? 'high' : severity,
    );
  });
}

/** Dropped alone, they hold nothing that their definition does not say. */
const definitions = new Set(['OBJECT_POLICY', 'OBJECT_EVENT_TRIGGER', 'OBJECT_PUBLICATION', 'OBJECT_FOREIGN_SERVER', 'OBJECT_FDW']);

/** With CASCADE these take columns of tables with them. */
const takesColumns = new Set(['OBJECT_TYPE', 'OBJECT_DOMAIN', 'OBJECT_EXTENSION', 'OBJECT_FUNCTION', 'OBJECT_ROUTINE']);

const found = (what: string, loses: string, severity: Severity): Found => ({ what, loses, severity });
const roles = (nodes: Node[] | undefined) => (nodes ?? []).map((role) => ('RoleSpec' in role ? (role.RoleSpec.rolename ?? '') : ''));
