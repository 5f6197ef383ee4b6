import type { Statement } from '../migration/statements.ts';
import { splitDump, titleOf } from './canonical-entries.ts';
import { mayHoldSecrets, options, secretTexts, setClauses, settings, type SecretText } from './secret-kinds.ts';
import type { State } from './state.ts';

/** A text in a snapshot that looks like a secret, and the object whose definition holds it. */
export interface Secret extends SecretText {
  /** As `trigger orders notify in public`, or `line 3` of a file. */
  object: string;
}

/** What looks like a secret in a snapshot of that state: in the definitions of its dump, in the settings of its roles, and in what its jobs run. */
export function findSecrets({ sql, facts, definitions }: Pick<State, 'sql' | 'facts' | 'definitions'>): Secret[] {
  const inDump = splitDump(sql).entries.flatMap(({ header, body }): Secret[] => {
    if (!mayHoldSecrets(body)) return [];
    const { name, type, schema } = titleOf(header);
    const object = `${type.toLowerCase()} ${schema === '-' || schema === '' ? name : `${schema}.${name}`}`;
    const kinds = withOptions.has(type) ? options : /^(?:FUNCTION|PROCEDURE)$/.test(type) ? setClauses : undefined;
    return secretTexts(body, kinds).map((secret) => ({ object, ...secret }));
  });
  const inRoles = facts.base.facts().flatMap(({ id, payload }): Secret[] => {
    if (id.kind !== 'role' || !Array.isArray(payload.config)) return [];
    return payload.config.flatMap((setting) =>
      secretTexts(String(setting), settings).map((secret) => ({ object: `setting of role ${id.name}`, ...secret })),
    );
  });
  const inJobs = (definitions?.jobs ?? []).flatMap(({ name, schedule, command }) =>
    secretTexts(command).map((secret) => ({ object: `job ${name ?? schedule}`, ...secret })),
  );
  return [...inDump, ...inRoles, ...inJobs];
}

/** What looks like a secret in statements whose text becomes a definition, and so part of the snapshot after. Rows, and what a SELECT calls, do not, but for what it schedules. */
export const findSecretsInFile = (statements: Statement[]): Secret[] =>
  statements.flatMap(({ node, text, where }) => {
    if (Object.keys(node).some((kind) => noDefinition.has(kind)) && !schedules.test(text)) return [];
    const kinds =
      'CreateForeignServerStmt' in node ||
      'CreateUserMappingStmt' in node ||
      'AlterForeignServerStmt' in node ||
      'AlterUserMappingStmt' in node
        ? options
        : 'AlterRoleSetStmt' in node || 'CreateFunctionStmt' in node
          ? setClauses
          : undefined;
    return secretTexts(text, kinds).map((secret) => ({ object: where, ...secret }));
  });

const withOptions = new Set(['SERVER', 'USER MAPPING', 'FOREIGN DATA WRAPPER', 'FOREIGN TABLE', 'SUBSCRIPTION']);
const noDefinition = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'SelectStmt', 'CopyStmt', 'VariableSetStmt']);

const schedules = /\bcron\s*\.\s*(?:schedule|schedule_in_database|alter_job)\s*\(/i;

/** Those that the other list does not name. */
export function newSecrets(secrets: Secret[], known: Secret[]): Secret[] {
  const told = new Set(known.map(keyOf));
  return secrets.filter((secret) => !told.has(keyOf(secret)));
}

/** One line for each object. */
export function secretLines(secrets: Secret[]): string[] {
  const objects = new Map<string, string[]>();
  for (const { object, kind, masked } of secrets)
    objects.set(object, [...new Set([...(objects.get(object) ?? []), `${kind} (${masked})`])]);
  return [...objects].map(([object, found]) => `${object}: ${found.join(', ')}`);
}

const keyOf = ({ object, kind, masked }: Secret) => `${object} ${kind} ${masked}`;
