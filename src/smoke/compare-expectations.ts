import { nearest } from '../config/nearest.ts';
import { type FoundObject, type CountName, countNames } from '../snapshot/count-objects.ts';
import { type Expectations, type ObjectKind, objectKinds } from './expectations.ts';
import type { SmokeCheck, SmokeResult } from './result.ts';

/** Each stated count beside what was found. */
export function compareCounts(expectations: Expectations | undefined, found: Record<CountName, number>) {
  const counts: SmokeResult['counts'] = {};
  const checks: SmokeCheck[] = [];
  for (const kind of countNames) {
    const expected = expectations?.counts[kind];
    counts[kind] = { ...(expected === undefined ? {} : { expected }), found: found[kind] };
    if (expected === undefined) continue;
    const name = countPhrase(kind, expected);
    checks.push(expected === found[kind] ? { ok: true, name } : { ok: false, name, detail: `${found[kind]} found` });
  }
  return { counts, checks };
}

/** The schemas in which named objects may be: those stated, and those that names begin with. */
export function schemasToSearch(expectations: Expectations): string[] {
  const schemas = new Set(expectations.schemas);
  for (const kind of objectKinds) {
    for (const name of expectations.objects[kind] ?? []) {
      const prefix = /^(.+?)\./.exec(ownerPart(kind, name))?.[1];
      if (prefix) schemas.add(prefix);
    }
  }
  return [...schemas];
}

/** Named objects: one check for each kind that is complete, and one for each object that is not there. */
export function compareObjects(expectations: Expectations, found: readonly FoundObject[]): SmokeCheck[] {
  const labels = labelsByKind(found, expectations.schemas);
  return objectKinds.flatMap((kind) => {
    const names = expectations.objects[kind] ?? [];
    if (names.length === 0) return [];
    const failures = names.flatMap((name) => checkObject(kind, name, labels) ?? []);
    const noun =
      kind === 'rls'
        ? 'row-level security is on for'
        : `there ${names.length === 1 ? 'is' : 'are'} the ${countPhrase(kind, names.length, false)}`;
    return failures.length > 0 ? failures : [{ ok: true, name: `${noun} ${brief(names)}` }];
  });
}

type Labels = Map<CountName, Map<string, FoundObject>>;

function checkObject(kind: ObjectKind, name: string, labels: Labels): SmokeCheck | undefined {
  const catalogKind = kind === 'rls' ? 'tables' : kind;
  const object = labels.get(catalogKind)?.get(name);
  if (kind === 'rls' && object?.rls === false) return { ok: false, name: `row-level security is on for ${name}`, detail: 'it is off' };
  if (object) return undefined;
  const wanted = kind === 'rls' ? `row-level security is on for ${name}` : `there is the ${countPhrase(catalogKind, 1, false)} ${name}`;
  return { ok: false, name: wanted, detail: absence(catalogKind, name, labels) };
}

function absence(kind: CountName, name: string, labels: Labels): string {
  const other = countNames.find((candidate) => labels.get(candidate)?.has(name));
  if (other) return `not there; ${name} is in ${other.replace('_', ' ')}`;
  const near = nearest(name, [...(labels.get(kind)?.keys() ?? [])]);
  return near ? `not there; did you mean "${near}"?` : 'not there';
}

/** Every way in which an object may be named: with its schema, and without when that is one of the schemas stated. */
function labelsByKind(found: readonly FoundObject[], schemas: readonly string[]): Labels {
  const labels: Labels = new Map(countNames.map((kind) => [kind, new Map<string, FoundObject>()]));
  for (const object of found) {
    const ofKind = labels.get(object.kind)!;
    for (const prefix of schemas.includes(object.schema) ? ['', `${object.schema}.`] : [`${object.schema}.`]) {
      for (const label of labelsOf(object)) ofKind.set(prefix + label, object);
    }
  }
  return labels;
}

function labelsOf({ kind, name, of }: FoundObject): string[] {
  if (kind === 'policies' || kind === 'triggers') return [`${of}: ${name}`];
  return kind === 'functions' ? [name, `${name}(${of ?? ''})`] : [name];
}

/** A policy's name may hold full stops; only its table says in which schema it is. */
const ownerPart = (kind: ObjectKind, name: string) =>
  kind === 'policies' || kind === 'triggers' ? name.slice(0, name.indexOf(': ')) : name.replace(/\(.*$/, '');

const singular: Record<CountName, string> = {
  tables: 'table',
  views: 'view',
  policies: 'policy',
  functions: 'function',
  triggers: 'trigger',
  enums: 'enum',
  indexes: 'index',
  materialized_views: 'materialized view',
};

/** `30 tables`, `1 policy`. */
export function countPhrase(kind: ObjectKind | string, count: number, withNumber = true): string {
  const noun = count === 1 ? (singular[kind as CountName] ?? kind) : kind.replaceAll('_', ' ');
  return withNumber ? `${count} ${noun}` : noun;
}

const brief = (names: string[]) => (names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`);
