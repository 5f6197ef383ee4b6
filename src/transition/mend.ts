/**
 * Corrects what the planner (pg-delta 1.0.0-alpha.34) is known to write wrongly: settings that hold a list of names are
 * stored quoted already, and would be quoted again as one name.
 */
export const mendStatement = (sql: string): string =>
  sql.replace(
    /^(ALTER ROLE (?:"(?:[^"]|"")*"|\S+) SET )"?(search_path|temp_tablespaces|session_preload_libraries|local_preload_libraries)"? TO '((?:[^']|'')*)'$/,
    (_, head: string, name: string, list: string) => `${head}${name} TO ${list.replaceAll("''", "'") || "''"}`,
  );
