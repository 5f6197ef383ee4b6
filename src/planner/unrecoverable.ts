import { splitDump, titleOf } from '../snapshot/canonical-entries.ts';
import type { Statement } from '../migration/statements.ts';
import { isSecretOption } from '../snapshot/secret-options.ts';

const placeholder = /([\w]+|"(?:[^"]|"")*") '__OPTION_\w+?__'/g;

/** The planner holds no value of an option that it does not know; those of servers and the like stand in the dump. Secrets stay out. */
export function fillOptions(sql: string, goalSql: string): string {
  if (!sql.includes("'__OPTION_") || /USER MAPPING/.test(sql)) return sql;
  const [, kind, name] = /^(?:CREATE|ALTER) (SERVER|FOREIGN TABLE|FOREIGN DATA WRAPPER) ((?:"(?:[^"]|"")*"\.?)+)/.exec(sql) ?? [];
  if (kind === undefined || name === undefined) return sql;
  const [last, schema] = [...name.matchAll(/"((?:[^"]|"")*)"/g)].map((part) => part[1]!.replaceAll('""', '"')).reverse();
  const entry = splitDump(goalSql).entries.find(({ header }) => {
    const title = titleOf(header);
    return title.type === kind && title.name === last && (schema === undefined || title.schema === schema);
  });
  if (!entry) return sql;
  return sql.replace(placeholder, (whole, option: string) => {
    const value = isSecretOption(option)
      ? undefined
      : new RegExp(`^    ${option.replaceAll('"', '')} ('(?:[^']|'')*')`, 'm').exec(entry.body)?.[1];
    return value === undefined ? whole : `${option} ${value}`;
  });
}

/** What the statements bring back without what no snapshot holds, and how to set it again. */
export function unrecoverable(statements: string[]): string[] {
  return statements.flatMap((sql) => {
    const mapping = /^CREATE USER MAPPING FOR (\S+) SERVER (\S+)/.exec(sql);
    const secrets = [...sql.matchAll(placeholder)].map(([, option]) => option!.replaceAll('"', ''));
    if (secrets.length > 0) {
      const options = `OPTIONS (${secrets.map((option) => `SET ${option} '…'`).join(', ')})`;
      if (mapping)
        return [
          `The user mapping of ${plain(mapping[1]!)} on server ${plain(mapping[2]!)} comes back without its ${secrets.join(', ')}, which no snapshot holds. Set it again: ALTER USER MAPPING FOR ${mapping[1]} SERVER ${mapping[2]} ${options};`,
        ];
      const what = /^(?:CREATE|ALTER) ((?:SERVER|FOREIGN TABLE|FOREIGN DATA WRAPPER) \S+)/.exec(sql)?.[1];
      return what === undefined
        ? []
        : [`${plain(what)} comes back without its ${secrets.join(', ')}, which no snapshot holds. Set it again: ALTER ${what} ${options};`];
    }
    const role = /^CREATE ROLE ("(?:[^"]|"")*") WITH .*\bLOGIN\b/.exec(sql)?.[1];
    return role === undefined || /\bNOLOGIN\b/.test(sql)
      ? []
      : [`Role ${plain(role)} comes back without its password, which no snapshot holds. Set it again: ALTER ROLE ${role} PASSWORD '…';`];
  });
}

/** Secrets that a migration sets on what is there already: no snapshot holds the old ones, so they stay as it leaves them. */
export function changedSecrets(statements: Statement[]): string[] {
  return statements.flatMap(({ node }) => {
    if ('AlterUserMappingStmt' in node) {
      const { user, servername, options = [] } = node.AlterUserMappingStmt;
      const secrets = options.flatMap((one) =>
        'DefElem' in one && isSecretOption(one.DefElem.defname ?? '') ? [one.DefElem.defname] : [],
      );
      return secrets.length === 0
        ? []
        : [
            `The user mapping of ${user?.rolename ?? user?.roletype?.replace('ROLESPEC_', '').toLowerCase()} on server ${servername} keeps the ${secrets.join(', ')} that this sets: no snapshot holds the old one.`,
          ];
    }
    if ('AlterRoleStmt' in node && node.AlterRoleStmt.options?.some((one) => 'DefElem' in one && one.DefElem.defname === 'password')) {
      return [`Role ${node.AlterRoleStmt.role?.rolename ?? ''} keeps the password that this sets: no snapshot holds the old one.`];
    }
    return [];
  });
}

const plain = (name: string) => name.replaceAll(/"(\w+)"/g, '$1');
