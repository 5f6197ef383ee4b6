import type { Node, RangeVar } from 'libpg-query';

/** Calls `visit` for every named node of the tree, from the outside in. */
export function walk(tree: unknown, visit: (kind: string, value: Record<string, unknown>) => void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit);
    return;
  }
  if (tree === null || typeof tree !== 'object') return;
  for (const [key, value] of Object.entries(tree)) {
    if (value === null || typeof value !== 'object') continue;
    if (isKind(key)) visit(key, value as Record<string, unknown>);
    walk(value, visit);
  }
}

/** Node kinds begin with a capital letter, fields with a small one. */
const isKind = (key: string) => key.charCodeAt(0) < 97;

/** `schema.name` as written; without a schema, the bare name. */
export const tableName = (table: RangeVar | undefined) =>
  table?.schemaname ? `${table.schemaname}.${table.relname}` : (table?.relname ?? '');

/** The strings of a name such as `{String}`, `{List}`, `{TypeName}` or `{ObjectWithArgs}`. */
export function nameParts(node: Node | undefined): string[] {
  if (!node) return [];
  if ('String' in node) return [node.String.sval ?? ''];
  if ('List' in node) return (node.List.items ?? []).flatMap(nameParts);
  if ('TypeName' in node) return (node.TypeName.names ?? []).flatMap(nameParts).filter((part) => part !== 'pg_catalog');
  if ('ObjectWithArgs' in node) return (node.ObjectWithArgs.objname ?? []).flatMap(nameParts);
  if ('RangeVar' in node) return [tableName(node.RangeVar)];
  return [];
}

/** The text of `WITH (key = value)` or `(KEY value)`; `''` for a key without value, undefined without the key. */
export function option(options: Node[] | undefined, name: string): string | undefined {
  for (const node of options ?? []) {
    if (!('DefElem' in node) || node.DefElem.defname !== name) continue;
    const value = node.DefElem.arg;
    if (!value) return '';
    if ('String' in value) return value.String.sval ?? '';
    if ('Boolean' in value) return String(value.Boolean.boolval ?? false);
    if ('Integer' in value) return String(value.Integer.ival ?? 0);
    if ('List' in value) return nameParts(value).join('\n');
    return '';
  }
  return undefined;
}

/** Whether an option is switched on, the way PostgreSQL reads it: alone, true, on, 1. */
export function isOn(options: Node[] | undefined, name: string): boolean {
  const value = option(options, name)?.toLowerCase();
  return value !== undefined && !['false', 'off', '0', 'no'].includes(value);
}

/** The code of a DO block, or of a function whose body is a string. */
export function codeOf(node: Node): string | undefined {
  if ('DoStmt' in node) return option(node.DoStmt.args, 'as');
  if ('CreateFunctionStmt' in node) return option(node.CreateFunctionStmt.options, 'as');
  return undefined;
}

/** Code without its comments; with `strings: false` without its string constants too. */
export const withoutComments = (code: string, { strings }: { strings: boolean }) =>
  code.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, (part) => (part.startsWith("'") ? (strings ? part : "''") : ' '));
