import type { Node } from 'libpg-query';
import type { Statement } from './statements.ts';
import { nameParts } from './tree.ts';

/** What a statement needs that a rehearsal can't tell: there the role may do what supautils could let it do, on the target only what is granted. */
export interface NeededRight {
  kind:
    | 'policy'
    | 'drop trigger'
    | 'create trigger'
    | 'create extension'
    | 'extension'
    | 'create event trigger'
    | 'event trigger'
    | 'create wrapper'
    | 'wrapper'
    | 'all tables'
    | 'role'
    | 'role setting'
    | 'role attribute';
  /** The table, extension, role …, as SQL would write it. */
  on: string;
  /** The policy or trigger on that table. */
  name?: string;
  /** It does nothing, and needs no right, where there is no such thing. */
  ifExists?: true;
  /** `line 3`. */
  where: string;
}

/** The rights that these statements need beyond what owners have; none where they change the role, for then it can't be told who runs them. */
export function neededRights(statements: Statement[]): NeededRight[] {
  if (statements.some(({ node }) => 'VariableSetStmt' in node && /^(?:role|session_authorization)$/.test(node.VariableSetStmt.name ?? '')))
    return [];
  return statements.flatMap(({ node, where }) => needs(node).map((need) => ({ ...need, where })));
}

type Need = Omit<NeededRight, 'where'>;

function needs(node: Node): Need[] {
  if ('CreatePolicyStmt' in node)
    return [{ kind: 'policy', on: relation(node.CreatePolicyStmt.table), name: node.CreatePolicyStmt.policy_name }];
  if ('AlterPolicyStmt' in node)
    return [{ kind: 'policy', on: relation(node.AlterPolicyStmt.table), name: node.AlterPolicyStmt.policy_name }];
  if ('CreateTrigStmt' in node)
    return [{ kind: 'create trigger', on: relation(node.CreateTrigStmt.relation), name: node.CreateTrigStmt.trigname }];
  if ('CreateExtensionStmt' in node)
    return [
      {
        kind: 'create extension',
        on: node.CreateExtensionStmt.extname ?? '',
        ...(node.CreateExtensionStmt.if_not_exists ? { ifExists: true as const } : {}),
      },
    ];
  if ('AlterExtensionStmt' in node) return [{ kind: 'extension', on: node.AlterExtensionStmt.extname ?? '' }];
  if ('CreateEventTrigStmt' in node) return [{ kind: 'create event trigger', on: node.CreateEventTrigStmt.trigname ?? '' }];
  if ('AlterEventTrigStmt' in node) return [{ kind: 'event trigger', on: node.AlterEventTrigStmt.trigname ?? '' }];
  if ('CreateFdwStmt' in node) return [{ kind: 'create wrapper', on: node.CreateFdwStmt.fdwname ?? '' }];
  if ('AlterFdwStmt' in node) return [{ kind: 'wrapper', on: node.AlterFdwStmt.fdwname ?? '' }];
  if ('CreatePublicationStmt' in node) return allTables(node.CreatePublicationStmt);
  if ('AlterPublicationStmt' in node) return allTables(node.AlterPublicationStmt);
  if ('AlterRoleSetStmt' in node)
    return node.AlterRoleSetStmt.role ? [{ kind: 'role setting', on: node.AlterRoleSetStmt.role.rolename ?? '' }] : [];
  if ('AlterRoleStmt' in node)
    return [
      { kind: 'role', on: node.AlterRoleStmt.role?.rolename ?? '' },
      ...attributes(node.AlterRoleStmt.options, node.AlterRoleStmt.role?.rolename),
    ];
  if ('CreateRoleStmt' in node) return attributes(node.CreateRoleStmt.options, node.CreateRoleStmt.role);
  if ('DropRoleStmt' in node)
    return (node.DropRoleStmt.roles ?? []).flatMap((role) =>
      'RoleSpec' in role ? [{ kind: 'role' as const, on: role.RoleSpec.rolename ?? '' }] : [],
    );
  if ('RenameStmt' in node) return renamed(node.RenameStmt);
  return 'DropStmt' in node ? dropped(node.DropStmt) : [];
}

const quote = (part: string) => `"${part.replaceAll('"', '""')}"`;

const relation = (table: { schemaname?: string; relname?: string } | undefined) =>
  [table?.schemaname, table?.relname].flatMap((part) => (part ? [quote(part)] : [])).join('.');

function allTables(node: { pubname?: string; for_all_tables?: boolean; pubobjects?: Node[] }): Need[] {
  const schemas = (node.pubobjects ?? []).some(
    (object) => 'PublicationObjSpec' in object && object.PublicationObjSpec.pubobjtype?.includes('SCHEMA'),
  );
  return node.for_all_tables || schemas ? [{ kind: 'all tables', on: node.pubname ?? '' }] : [];
}

const attributes = (options: Node[] | undefined, role: string | undefined): Need[] =>
  (options ?? []).some((option) => 'DefElem' in option && ['bypassrls', 'isreplication'].includes(option.DefElem.defname ?? ''))
    ? [{ kind: 'role attribute', on: role ?? '' }]
    : [];

function renamed({ renameType, relation: table, subname = '' }: Extract<Node, { RenameStmt: unknown }>['RenameStmt']): Need[] {
  if (renameType === 'OBJECT_POLICY') return [{ kind: 'policy', on: relation(table), name: subname }];
  if (renameType === 'OBJECT_TRIGGER') return [{ kind: 'drop trigger', on: relation(table), name: subname }];
  if (renameType === 'OBJECT_EVENT_TRIGGER') return [{ kind: 'event trigger', on: subname }];
  return renameType === 'OBJECT_ROLE' ? [{ kind: 'role', on: subname }] : [];
}

function dropped({ removeType, objects = [], missing_ok }: Extract<Node, { DropStmt: unknown }>['DropStmt']): Need[] {
  const more = missing_ok ? { ifExists: true as const } : {};
  return objects.flatMap((object): Need[] => {
    const parts = nameParts(object);
    const table = parts.slice(0, -1).map(quote).join('.');
    switch (removeType) {
      case 'OBJECT_POLICY':
        return [{ kind: 'policy', on: table, name: parts.at(-1), ...more }];
      case 'OBJECT_TRIGGER':
        return [{ kind: 'drop trigger', on: table, name: parts.at(-1), ...more }];
      case 'OBJECT_EXTENSION':
        return [{ kind: 'extension', on: parts.join('.'), ...more }];
      case 'OBJECT_EVENT_TRIGGER':
        return [{ kind: 'event trigger', on: parts.join('.'), ...more }];
      case 'OBJECT_FDW':
        return [{ kind: 'wrapper', on: parts.join('.'), ...more }];
      default:
        return [];
    }
  });
}
