/**
 * Corrects what the planner (pg-delta 1.0.0-alpha.34) is known to write wrongly: settings that hold a list of names are
 * stored quoted already, and would be quoted again as one name; from PostgreSQL 17 on, NOT NULL of a domain is a constraint
 * with a name, and would be written twice. What a new role has not by itself need not be said, for who says it needs the right to give it.
 */
export const mendStatement = (sql: string): string =>
  sql
    .replace(
      /^(ALTER ROLE (?:"(?:[^"]|"")*"|\S+) SET )"?(search_path|temp_tablespaces|session_preload_libraries|local_preload_libraries)"? TO '((?:[^']|'')*)'$/,
      (_, head: string, name: string, list: string) => `${head}${name} TO ${list.replaceAll("''", "'") || "''"}`,
    )
    .replace(/^CREATE ROLE .* WITH .*/, (create) => create.replace(/ (?:NOSUPERUSER|NOREPLICATION|NOBYPASSRLS)\b/g, ''))
    .replace(/^(CREATE DOMAIN [\s\S]*?) NOT NULL( [\s\S]*?CONSTRAINT "(?:[^"]|"")*" NOT NULL)(?=$| CONSTRAINT )/, '$1$2');

/**
 * The planner sets the default of a column that changes its type before it changes the type, and twice: the default then
 * does not fit, or its type does not exist yet. It belongs behind the change of type, once.
 */
export function mendOrder<T extends { sql: string }>(statements: T[]): T[] {
  const ordered = [...statements];
  for (const change of statements) {
    const column = /^(ALTER TABLE [\s\S]*? ALTER COLUMN (?:"(?:[^"]|"")*"|\S+) )TYPE /.exec(change.sql)?.[1];
    if (column === undefined) continue;
    const early = ordered.slice(0, ordered.indexOf(change)).filter(({ sql }) => sql.startsWith(`${column}SET DEFAULT `));
    if (early.length === 0) continue;
    for (const statement of early) ordered.splice(ordered.indexOf(statement), 1);
    ordered.splice(ordered.indexOf(change) + 1, 0, early.at(-1)!);
  }
  return ordered;
}

/** There is no cast from one enum to another, nor from other types to an enum, but by way of text. */
export const mendEnumCast = (sql: string, isEnum: (type: string) => boolean): string =>
  sql.replace(
    /^(ALTER TABLE [\s\S]*? TYPE ([\s\S]*?) USING ("(?:[^"]|"")*"))::([\s\S]*)$/,
    (whole, head: string, type: string, _column: string, target: string) =>
      type === target && isEnum(type.replace(/(?:\[\])+$/, '')) ? `${head}::text${type.endsWith('[]') ? '[]' : ''}::${target}` : whole,
  );
