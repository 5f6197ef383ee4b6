/** Where kept rows return: behind everything that makes room for them, before everything that they must satisfy. */
export const returnPoint = '-- supasnap: kept rows return here';

export interface Arranged {
  early: string[];
  late: string[];
}

/**
 * Puts the statements of a plan in the order that returning rows need: tables and columns first, NOT NULL and what follows
 * last. A returning column that must not be null is nullable until its values are back.
 */
export function arrangeForReturn(statements: string[]): Arranged {
  const required: string[] = [];
  const relaxed = statements.flatMap((sql) => {
    const added = addedNotNull(sql);
    if (added) {
      required.push(added.required);
      return [added.relaxed];
    }
    if (setsNotNull.test(sql)) {
      required.push(sql);
      return [];
    }
    return [sql];
  });
  const last = relaxed.findLastIndex((sql) => makesRoom.test(sql));
  return { early: relaxed.slice(0, last + 1), late: [...required, ...relaxed.slice(last + 1)] };
}

const name = '"(?:[^"]|"")*"';
const makesRoom = new RegExp(
  String.raw`^(CREATE (UNLOGGED )?TABLE|ALTER TABLE (ONLY )?${name}\.${name} (ADD COLUMN|ALTER COLUMN ${name} (SET DATA )?TYPE|ALTER COLUMN ${name} DROP (EXPRESSION|IDENTITY|NOT NULL)|ATTACH PARTITION)|ALTER SEQUENCE .* OWNED BY|ALTER TYPE .* (ADD VALUE|(ADD|DROP|ALTER) ATTRIBUTE) |ALTER TABLE .* DROP CONSTRAINT |ALTER DOMAIN .* DROP (CONSTRAINT|NOT NULL)|DROP INDEX |ALTER (TABLE|TYPE) .* RENAME )`,
  's',
);
const setsNotNull = new RegExp(String.raw`^ALTER TABLE (ONLY )?${name}\.${name} ALTER COLUMN ${name} SET NOT NULL$`);
const addsNotNull = new RegExp(
  String.raw`^(ALTER TABLE (?:ONLY )?${name}\.${name}) ADD COLUMN (${name}) (?!.*\bGENERATED\b)(.*) NOT NULL$`,
  's',
);

function addedNotNull(sql: string): { relaxed: string; required: string } | undefined {
  const match = addsNotNull.exec(sql);
  if (!match) return undefined;
  const [, table, column, type] = match;
  return { relaxed: `${table} ADD COLUMN ${column} ${type}`, required: `${table} ALTER COLUMN ${column} SET NOT NULL` };
}
