import type { Node } from 'libpg-query';
import { codeOf, isOn, option, withoutComments } from './tree.ts';

/** Why PostgreSQL refuses a statement inside a transaction; undefined for the others. */
export function runsAlone(node: Node): string | undefined {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent ? 'CREATE INDEX CONCURRENTLY' : undefined;
  if ('DropStmt' in node) return node.DropStmt.concurrent ? 'DROP INDEX CONCURRENTLY' : undefined;
  if ('ReindexStmt' in node) {
    if (isOn(node.ReindexStmt.params, 'concurrently')) return 'REINDEX CONCURRENTLY';
    const whole = {
      REINDEX_OBJECT_SCHEMA: 'SCHEMA',
      REINDEX_OBJECT_SYSTEM: 'SYSTEM',
      REINDEX_OBJECT_DATABASE: 'DATABASE',
    };
    const kind = whole[node.ReindexStmt.kind as keyof typeof whole];
    return kind && `REINDEX ${kind}`;
  }
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd ? 'VACUUM' : undefined;
  if ('ClusterStmt' in node) return node.ClusterStmt.relation ? undefined : 'CLUSTER of all tables';
  if ('CreatedbStmt' in node) return 'CREATE DATABASE';
  if ('DropdbStmt' in node) return 'DROP DATABASE';
  if ('AlterDatabaseStmt' in node)
    return option(node.AlterDatabaseStmt.options, 'tablespace') === undefined ? undefined : 'ALTER DATABASE … SET TABLESPACE';
  if ('AlterSystemStmt' in node) return 'ALTER SYSTEM';
  if ('CreateTableSpaceStmt' in node) return 'CREATE TABLESPACE';
  if ('DropTableSpaceStmt' in node) return 'DROP TABLESPACE';
  if ('DiscardStmt' in node) return node.DiscardStmt.target === 'DISCARD_ALL' ? 'DISCARD ALL' : undefined;
  if ('AlterTableStmt' in node) return detachesConcurrently(node.AlterTableStmt.cmds) ? 'DETACH PARTITION CONCURRENTLY' : undefined;
  if ('DoStmt' in node) return commits(codeOf(node) ?? '') ? 'a DO block that commits' : undefined;
  return subscription(node);
}

function subscription(node: Node): string | undefined {
  if ('CreateSubscriptionStmt' in node) {
    const { options } = node.CreateSubscriptionStmt;
    const off = (name: string) => option(options, name) !== undefined && !isOn(options, name);
    return off('create_slot') || off('connect') ? undefined : 'CREATE SUBSCRIPTION with a replication slot';
  }
  if ('DropSubscriptionStmt' in node) return 'DROP SUBSCRIPTION';
  if (!('AlterSubscriptionStmt' in node)) return undefined;
  const { kind, options } = node.AlterSubscriptionStmt;
  if (kind === 'ALTER_SUBSCRIPTION_REFRESH') return 'ALTER SUBSCRIPTION … REFRESH PUBLICATION';
  const changesPublications = ['SET_PUBLICATION', 'ADD_PUBLICATION', 'DROP_PUBLICATION'].some((word) => kind?.endsWith(word));
  const refreshes = option(options, 'refresh') === undefined || isOn(options, 'refresh');
  return changesPublications && refreshes ? 'ALTER SUBSCRIPTION … PUBLICATION with refresh' : undefined;
}

const detachesConcurrently = (commands: Node[] | undefined) =>
  (commands ?? []).some((command) => {
    const definition = 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined;
    return definition && 'PartitionCmd' in definition && definition.PartitionCmd.concurrent;
  });

/** Read from the text of the block: a COMMIT or ROLLBACK in a branch that never runs counts too. */
const commits = (code: string) => /\b(?:commit|rollback)(?:\s+and\s+(?:no\s+)?chain)?\s*;/i.test(withoutComments(code, { strings: false }));
