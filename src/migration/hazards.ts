import type { Node } from 'libpg-query';
import { codeHazards } from './code-hazards.ts';
import { dmlTargets } from './dml-targets.ts';
import { dropHazards } from './drop-hazards.ts';
import { platformHazards } from './platform-hazards.ts';
import type { Statement } from './statements.ts';
import { nameParts, tableName } from './tree.ts';

/** `high`: rows or values go, or something of the platform stops working. `medium`: some may, or access opens or closes. `low`: a definition goes, and no data with it. */
export type Severity = 'high' | 'medium' | 'low';

/** Something that a statement destroys or loosens. */
export interface Hazard {
  /** 1-based line of the statement. */
  line: number;
  /** `line 3`, or `line 3 of parts/tables.sql` in an included file. */
  where: string;
  /** What it does, such as `drops column minds.summary`. */
  what: string;
  /** What is gone afterwards, such as `the values of that column`. */
  loses: string;
  severity: Severity;
  /** A definition or a right: a proven rollback brings it back whole. */
  returns?: true;
  /** Something of the platform stops working. */
  platform?: true;
}

export type Found = Omit<Hazard, 'line' | 'where'>;

/** The destructive statements of a file, in its order. A file without any gives an empty list. */
export const destructiveStatements = (statements: Statement[]): Hazard[] =>
  statements.flatMap((statement) => hazardsOf(statement).map((hazard) => ({ line: statement.line, where: statement.where, ...hazard })));

function hazardsOf(statement: Statement): Found[] {
  const platform = platformHazards(statement.node);
  const named = new Set(platform.map(({ what }) => what));
  return [...platform, ...ownHazards(statement).filter(({ what }) => !named.has(what))];
}

function ownHazards(statement: Statement): Found[] {
  const { node } = statement;
  if ('DoStmt' in node || 'CreateFunctionStmt' in node) return codeHazards(node);
  if ('AlterTableStmt' in node) return tableHazards(node.AlterTableStmt);
  if ('GrantStmt' in node || 'AlterDefaultPrivilegesStmt' in node) return grantHazards(node);
  if ('AlterEnumStmt' in node) return enumHazards(node.AlterEnumStmt);
  return [...dropHazards(node), ...rowHazards(statement)];
}

function rowHazards(statement: Statement): Found[] {
  return dmlTargets([statement]).flatMap(({ table, change, filtered }): Found[] => {
    if (change === 'truncate') {
      const cascade = 'TruncateStmt' in statement.node && statement.node.TruncateStmt.behavior === 'DROP_CASCADE';
      const loses = cascade ? 'every row of it and of the tables that refer to it' : 'every row of it';
      return [{ what: `empties table ${table}`, loses, severity: 'high' }];
    }
    if (change === 'delete')
      return filtered
        ? [{ what: `deletes rows of ${table}`, loses: 'the rows that match', severity: 'medium' }]
        : [{ what: `deletes every row of ${table}`, loses: 'every row of it', severity: 'high' }];
    if (change === 'update')
      return filtered
        ? [{ what: `changes rows of ${table}`, loses: 'the old values of the rows that match', severity: 'medium' }]
        : [{ what: `changes every row of ${table}`, loses: 'the old values of those columns', severity: 'high' }];
    return [];
  });
}

type AlterTable = Extract<Node, { AlterTableStmt: unknown }>['AlterTableStmt'];

function tableHazards({ relation, cmds, objtype }: AlterTable): Found[] {
  const table = tableName(relation);
  return (cmds ?? []).flatMap((command): Found[] => {
    if (!('AlterTableCmd' in command)) return [];
    const { subtype, name = '', behavior } = command.AlterTableCmd;
    const cascade = behavior === 'DROP_CASCADE' ? ', and what depends on it' : '';
    const type = objtype === 'OBJECT_TYPE';
    switch (subtype) {
      case 'AT_DropColumn':
        return [
          {
            what: `drops ${type ? 'attribute' : 'column'} ${table}.${name}`,
            loses: `the values of that ${type ? 'attribute' : 'column'}${cascade}`,
            severity: 'high',
          },
        ];
      case 'AT_AlterColumnType':
        return [
          {
            what: `changes the type of ${table}.${name}`,
            loses: 'what the new type can not hold; the table may be rewritten under a lock',
            severity: 'medium',
          },
        ];
      case 'AT_DropExpression':
        return [
          {
            what: `stops generating ${table}.${name}`,
            loses: 'the expression; values stay as they are now',
            severity: 'low',
          },
        ];
      case 'AT_DropIdentity':
        return [
          {
            what: `drops the identity of ${table}.${name}`,
            loses: 'its sequence and where that stood',
            severity: 'low',
          },
        ];
      case 'AT_ColumnDefault':
        return command.AlterTableCmd.def
          ? []
          : [{ what: `drops the default of ${table}.${name}`, loses: 'the default; values stay', severity: 'low' }];
      case 'AT_DropConstraint':
        return [
          {
            what: `drops constraint ${name} of ${table}`,
            loses: `the rule${cascade}; rows that break it can come in`,
            severity: 'low',
          },
        ];
      case 'AT_DisableRowSecurity':
        return [
          {
            what: `switches row level security off on ${table}`,
            loses: 'the protection of its policies: every role with a grant sees all rows',
            severity: 'medium',
            returns: true,
          },
        ];
      case 'AT_NoForceRowSecurity':
        return [
          {
            what: `no longer forces row level security on ${table}`,
            loses: 'the protection from its owner',
            severity: 'low',
          },
        ];
      case 'AT_DisableTrig':
      case 'AT_DisableTrigAll':
      case 'AT_DisableTrigUser':
        return [
          {
            what: `disables ${name ? `trigger ${name}` : 'triggers'} on ${table}`,
            loses: 'what they do for rows written meanwhile',
            severity: 'medium',
          },
        ];
      case 'AT_SetUnLogged':
        return [
          {
            what: `makes ${table} unlogged`,
            loses: 'every row of it after a crash; replicas have none',
            severity: 'medium',
          },
        ];
      case 'AT_DetachPartition':
        return [
          {
            what: `detaches a partition of ${table}`,
            loses: 'its rows from the view of that table; they stay in the partition',
            severity: 'low',
          },
        ];
      default:
        return [];
    }
  });
}

const openRoles = new Set(['anon', 'authenticated', 'public']);

function grantHazards(node: Node): Found[] {
  const grant =
    'GrantStmt' in node ? node.GrantStmt : 'AlterDefaultPrivilegesStmt' in node ? node.AlterDefaultPrivilegesStmt.action : undefined;
  if (!grant?.is_grant) return [];
  const roles = (grant.grantees ?? [])
    .map((role) => ('RoleSpec' in role ? (role.RoleSpec.roletype === 'ROLESPEC_PUBLIC' ? 'public' : (role.RoleSpec.rolename ?? '')) : ''))
    .filter((role) => openRoles.has(role) && role !== 'authenticated');
  if (roles.length === 0) return [];
  const rights =
    (grant.privileges ?? []).map((right) => ('AccessPriv' in right ? (right.AccessPriv.priv_name ?? '') : '')).join(', ') || 'all rights';
  const objects = (grant.objects ?? []).map((object) => nameParts(object).join('.')).join(', ');
  const on =
    'GrantStmt' in node
      ? grant.targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
        ? `everything in schema ${objects}`
        : objects
      : 'objects made from now on';
  return [
    {
      what: `grants ${rights} on ${on} to ${roles.join(', ')}`,
      loses: 'nothing, but people who are not signed in may get access',
      severity: 'medium',
      returns: true,
    },
  ];
}

type AlterEnum = Extract<Node, { AlterEnumStmt: unknown }>['AlterEnumStmt'];

function enumHazards({ typeName, oldVal, newVal }: AlterEnum): Found[] {
  const name = (typeName ?? []).flatMap(nameParts).join('.');
  if (oldVal)
    return [
      {
        what: `renames label '${oldVal}' of enum ${name} to '${newVal ?? ''}'`,
        loses: 'the old word: code that still writes it fails',
        severity: 'low',
      },
    ];
  return [];
}
