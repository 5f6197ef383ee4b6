import type { Identity, Thing } from '../snapshot/identity.ts';
import { quoteName, quoteText } from '../sql-names.ts';

/** One statement that renames or moves, and what it does in words. */
export interface Rename {
  sql: string;
  what: string;
}

/**
 * The statements that give everything that still exists its earlier name back, and partitions their place in the table they were of. What is told apart by number is never
 * guessed: an object that merely has the other's name is moved aside under a name of ours, for the plan to drop.
 */
export function planRenames(now: Identity, goal: Identity, options: { partitions: boolean } = { partitions: true }): Rename[] {
  if (now.origin !== goal.origin) return [];
  const names = new Names(now, goal);
  const renames: Rename[] = [];
  for (const kinds of order) {
    const keys = Object.keys(goal.things).filter((key) => kinds.includes(goal.things[key]!.kind) && now.things[key]);
    if (kinds.includes('column')) renames.push(...names.clearReplaced(goal));
    if (kinds.includes('schema') && options.partitions) renames.push(...names.placePartitions(goal));
    for (const key of keys) {
      const from = names.current(key);
      const wanted = { name: goal.things[key]!.name, schema: names.wantedSchema(goal.things[key]!.schema) };
      if (from.parent !== undefined) wanted.schema = from.schema;
      if (from.name === wanted.name && from.schema === wanted.schema) continue;
      if (goal.things[key]!.kind !== from.kind) continue;
      renames.push(...names.give(key, wanted));
    }
  }
  return renames;
}

/** Functions first, while their argument types still have their present names; schemas and roles last. */
const order: Thing['kind'][][] = [
  ['function', 'procedure', 'aggregate'],
  ['type', 'domain'],
  ['table', 'foreign table', 'view', 'materialized view'],
  ['sequence', 'index'],
  ['column', 'attribute', 'label', 'constraint', 'domain constraint', 'trigger', 'policy'],
  ['schema'],
  ['role'],
];

/** Every name as it stands after the statements planned so far. */
class Names {
  readonly things: Record<string, Thing>;
  private readonly taken = new Map<string, string>();
  private readonly goalSchemas = new Map<string, string>();

  constructor(now: Identity, goal: Identity) {
    this.things = Object.fromEntries(Object.entries(now.things).map(([key, thing]) => [key, { ...thing }]));
    for (const [key, thing] of Object.entries(this.things)) {
      this.taken.set(slot(thing), key);
    }
    for (const [key, thing] of Object.entries(goal.things)) {
      if (thing.kind === 'schema' && now.things[key]) this.goalSchemas.set(thing.name, now.things[key].name);
    }
  }

  current = (key: string): Thing => this.things[key]!;

  /** Schemas are renamed last, so a goal's schema is named as that same schema is named now. */
  wantedSchema = (schema: string): string => this.goalSchemas.get(schema) ?? schema;

  /** A column that was dropped and added again under its name is another one: its values are not those that were lost. */
  clearReplaced = (goal: Identity): Rename[] =>
    Object.entries(goal.things).flatMap(([key, thing]) => {
      if (thing.kind !== 'column' || this.things[key] || !this.things[thing.parent!]) return [];
      const occupant = this.taken.get(slot(thing));
      return occupant && !goal.things[occupant] ? [this.rename(occupant, aside(occupant))] : [];
    });

  /** A table that was taken out of a partitioned one goes back into it with its rows; one that was put in comes out. */
  placePartitions = (goal: Identity): Rename[] => {
    const moves = Object.entries(goal.things).flatMap(([key, { kind, partition: wanted }]) => {
      const partition = this.things[key]?.partition;
      return kind !== 'table' || !this.things[key] || (partition?.of === wanted?.of && partition?.bound === wanted?.bound)
        ? []
        : [{ key, partition, wanted }];
    });
    const statement = (key: string, of: string, change: string, what: string): Rename => ({
      sql: `ALTER TABLE ${address(this.current(of))} ${change.replace('%', address(this.current(key)))}`,
      what: `${describe(this.current(key))} ${what} ${describe(this.current(of))}`,
    });
    return [
      ...moves.flatMap(({ key, partition }) =>
        partition && this.things[partition.of] ? [statement(key, partition.of, 'DETACH PARTITION %', 'comes out of')] : [],
      ),
      ...moves.flatMap(({ key, wanted }) =>
        wanted && this.things[wanted.of]
          ? [statement(key, wanted.of, `ATTACH PARTITION % ${wanted.bound}`, 'is a partition again of')]
          : [],
      ),
    ];
  };

  give(key: string, wanted: { name: string; schema: string }): Rename[] {
    const steps: Rename[] = [];
    const thing = this.current(key);
    const occupant = this.taken.get(slot({ ...thing, ...wanted }));
    if (occupant && occupant !== key) steps.push(this.rename(occupant, aside(occupant)));
    if (thing.schema !== wanted.schema && movable(thing)) {
      steps.push(...this.ensureSchema(wanted.schema));
      const blocked = this.taken.get(slot({ ...this.current(key), schema: wanted.schema }));
      if (blocked && blocked !== key) steps.push(this.rename(key, aside(key)));
      steps.push(...this.clear(key, wanted.schema), this.move(key, wanted.schema));
    }
    if (this.current(key).name !== wanted.name) steps.push(this.rename(key, wanted.name));
    return steps;
  }

  /** A schema that is gone has to be there before anything can move back into it; its owner and grants are left to the plan. */
  private ensureSchema(name: string): Rename[] {
    const thing: Thing = { kind: 'schema', schema: '', name };
    if (this.taken.has(slot(thing))) return [];
    this.taken.set(slot(thing), `new ${name}`);
    return [{ sql: `CREATE SCHEMA ${quoteName(name)}`, what: `schema ${name} returns` }];
  }

  /** What moves along with a table must not meet its name there. */
  private clear(key: string, schema: string): Rename[] {
    return this.childrenOf(key).flatMap((child) => {
      const occupant = this.taken.get(slot({ ...this.current(child), schema }));
      return occupant && occupant !== child ? [this.rename(child, aside(child))] : [];
    });
  }

  private childrenOf = (key: string): string[] => Object.keys(this.things).filter((child) => this.things[child]!.parent === key);

  private rename(key: string, name: string): Rename {
    const thing = this.current(key);
    const parent = thing.parent ? this.current(thing.parent) : undefined;
    const rename = { sql: renameStatement(thing, name, parent), what: `${describe(thing, parent)} becomes ${name}` };
    this.put(key, { ...thing, name });
    return rename;
  }

  private move(key: string, schema: string): Rename {
    const thing = this.current(key);
    const rename = {
      sql: `ALTER ${word(thing)} ${address(thing)} SET SCHEMA ${quoteName(schema)}`,
      what: `${describe(thing)} moves to schema ${schema}`,
    };
    this.put(key, { ...thing, schema });
    for (const child of this.childrenOf(key)) this.put(child, { ...this.current(child), schema });
    return rename;
  }

  private put(key: string, thing: Thing): void {
    if (this.taken.get(slot(this.things[key]!)) === key) this.taken.delete(slot(this.things[key]!));
    this.things[key] = thing;
    this.taken.set(slot(thing), key);
  }
}

/** Two things with one slot can't exist at the same time. */
function slot(thing: Thing): string {
  const isRelation = ['table', 'foreign table', 'view', 'materialized view', 'sequence', 'index'].includes(thing.kind);
  if (isRelation || (thing.kind === 'constraint' && thing.args === 'index')) return JSON.stringify(['relation', thing.schema, thing.name]);
  const group = ['function', 'procedure', 'aggregate'].includes(thing.kind)
    ? `routine(${thing.args})`
    : ['type', 'domain'].includes(thing.kind)
      ? 'type'
      : thing.kind;
  return JSON.stringify([group, thing.parent ?? thing.schema, thing.name]);
}

const aside = (key: string) => `supasnap_aside_${key.replace(/\W/g, '_')}`;

const movable = (thing: Thing) => thing.parent === undefined && thing.kind !== 'schema' && thing.kind !== 'role';

const word = (thing: Thing) => thing.kind.toUpperCase();

const address = (thing: Thing) =>
  thing.kind === 'schema' || thing.kind === 'role'
    ? quoteName(thing.name)
    : `${quoteName(thing.schema)}.${quoteName(thing.name)}${['function', 'procedure', 'aggregate'].includes(thing.kind) ? `(${thing.kind === 'aggregate' && !thing.args ? '*' : (thing.args ?? '')})` : ''}`;

const describe = (thing: Thing, parent?: Thing) =>
  `${thing.kind} ${[parent ? `${parent.schema}.${parent.name}` : thing.schema, thing.name].filter(Boolean).join('.')}`;

function renameStatement(thing: Thing, name: string, parent?: Thing): string {
  const to = quoteName(name);
  const from = quoteName(thing.name);
  switch (thing.kind) {
    case 'column':
      return `ALTER ${word(parent!)} ${address(parent!)} RENAME COLUMN ${from} TO ${to}`;
    case 'attribute':
      return `ALTER TYPE ${address(parent!)} RENAME ATTRIBUTE ${from} TO ${to} CASCADE`;
    case 'label':
      return `ALTER TYPE ${address(parent!)} RENAME VALUE ${quoteText(thing.name)} TO ${quoteText(name)}`;
    case 'constraint':
      return `ALTER ${word(parent!)} ${address(parent!)} RENAME CONSTRAINT ${from} TO ${to}`;
    case 'domain constraint':
      return `ALTER DOMAIN ${address(parent!)} RENAME CONSTRAINT ${from} TO ${to}`;
    case 'trigger':
    case 'policy':
      return `ALTER ${word(thing)} ${from} ON ${address(parent!)} RENAME TO ${to}`;
    default:
      return `ALTER ${word(thing)} ${address(thing)} RENAME TO ${to}`;
  }
}
