import type { SeedType, TypeUse } from './seed-catalog.ts';

/** The k-th value of a column, as text that its type reads. null is NULL, undefined is DEFAULT. */
export type Choice = (k: number) => string | null | undefined;

/** Values of a type, by its number; found by asking the server where this file knows none. */
export type Samples = Map<number, Choice[]>;

/** The k-th value of a type: others for other k as far as the type has them, rising where it is ordered. undefined where none is known. */
export function sampleOf(types: Map<number, SeedType>, samples: Samples, use: TypeUse, k: number, depth = 0): string | undefined {
  const type = types.get(use.type);
  if (!type || depth > 4) return undefined;
  const inner = (of: TypeUse, place = k) => sampleOf(types, samples, of, place, depth + 1);
  const sampled = samples.get(type.number)?.[0]?.(k);
  if (typeof sampled === 'string') return sampled;
  switch (type.kind) {
    case 'enum':
      return type.labels[k % type.labels.length];
    case 'domain':
      return inner(type.of!);
    case 'array':
      return arrayOf([inner({ ...type.of!, modifier: use.modifier }), inner({ ...type.of!, modifier: use.modifier }, k + 1)], type);
    case 'composite':
      return `(${type.attributes.map((attribute) => quotedPart(inner(attribute))).join(',')})`;
    case 'range':
      return rangeOf(types, type, inner(type.of!, 2 * k), inner(type.of!, 2 * k + 1));
    case 'multirange':
      return `{${inner(type.of!) ?? ''}}`;
    case 'base':
      return (type.builtIn ? baseValues : extensionValues)[type.name]?.(k, use.modifier);
  }
}

const arrayOf = (items: (string | undefined)[], { name }: SeedType): string =>
  name === 'int2vector' || name === 'oidvector'
    ? items.join(' ')
    : `{${items
        .filter((item) => item !== undefined)
        .map((item) => quotedItem(item))
        .join(name === '_box' ? ';' : ',')}}`;

export const quotedItem = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

const quotedPart = (text: string | undefined) => (text === undefined ? '' : quotedItem(text));

const rangeOf = (types: Map<number, SeedType>, { of }: SeedType, low: string | undefined, high: string | undefined): string | undefined => {
  if (low === undefined || high === undefined) return undefined;
  return rising.has(types.get(of!.type)?.name ?? '')
    ? `[${quotedItem(low)},${quotedItem(high)})`
    : `[${quotedItem(low)},${quotedItem(low)}]`;
};

/** Subtypes whose next value is a higher one. */
const rising = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'date', 'timestamp', 'timestamptz', 'oid']);

const pad = (value: number, length: number) => String(value).padStart(length, '0');
const hex = (value: number, length: number) => value.toString(16).padStart(length, '0');
const day = 86_400_000;
const firstDay = Date.UTC(2024, 0, 1);

/** Days after the first of January 2024. */
export const dateAt = (days: number) => new Date(firstDay + days * day).toISOString().slice(0, 10);

/** Text of at most `longest` characters, short where there is no room for more, with signs that want quoting now and then. */
export function textAt(k: number, longest: number): string {
  const whole = k % 3 === 1 ? `it's "${k + 1}" \\ a;b` : k % 3 === 2 ? `Größe ${k + 1} € 字` : `text ${k + 1}`;
  if ([...whole].length <= longest) return whole;
  return (k + 10).toString(36).slice(-longest);
}

/** `digits` in all, `scale` of them behind the point. */
function numericAt(k: number, modifier: string): string {
  if (modifier === '') return `${k + 1}.5`;
  const [digits = 1, scale = 0] = modifier.split(',').map(Number);
  if (scale > 0 && digits - scale >= 1) return `${(k + 1) % 10 ** Math.min(digits - scale, 9)}.5`;
  return scale > 0
    ? `0.${'0'.repeat(scale - digits)}${pad((k + 1) % 10 ** Math.min(digits, 9), digits)}`
    : `${(k + 1) % 10 ** Math.min(digits, 9)}${'0'.repeat(-scale)}`;
}

const bitsAt = (k: number, length: number) => (k + 1).toString(2).slice(-length).padStart(length, '0');
const lengthOf = (modifier: string, otherwise: number) => (modifier === '' ? otherwise : Number(modifier));
const clock = (k: number) => `${pad(8 + (Math.floor(k / 3600) % 12), 2)}:${pad(Math.floor(k / 60) % 60, 2)}:${pad(k % 60, 2)}`;
const whole = (k: number) => `${k + 1}`;

/** PostgreSQL's own types. */
const baseValues: Record<string, (k: number, modifier: string) => string> = {
  int2: (k) => `${(k % 32_000) + 1}`,
  int4: whole,
  int8: whole,
  oid: whole,
  xid: whole,
  xid8: whole,
  cid: whole,
  money: whole,
  numeric: numericAt,
  float4: (k) => `${k + 1}.5`,
  float8: (k) => `${k + 1}.25`,
  text: (k) => textAt(k, Infinity),
  varchar: (k, modifier) => textAt(k, lengthOf(modifier, Infinity)),
  bpchar: (k, modifier) => textAt(k, lengthOf(modifier, Infinity)),
  char: (k) => String.fromCodePoint(97 + (k % 26)),
  name: (k) => `name_${k + 1}`,
  refcursor: (k) => `cursor_${k + 1}`,
  bool: (k) => (k % 2 === 0 ? 'true' : 'false'),
  uuid: (k) => `00000000-0000-4000-8000-${hex(k + 1, 12)}`,
  date: dateAt,
  timestamp: (k) => `${dateAt(k)} ${clock(k)}`,
  timestamptz: (k) => `${dateAt(k)} ${clock(k)}+00`,
  time: clock,
  timetz: (k) => `${clock(k)}+00`,
  interval: (k) => `${k + 1} days ${k} hours`,
  json: (k) => `{"place": ${k + 1}, "words": ["it's", "ü"]}`,
  jsonb: (k) => `{"place": ${k + 1}, "words": ["it's", "ü"]}`,
  jsonpath: (k) => `$.a[${k}]`,
  bytea: (k) => `\\x00ff${hex(k + 1, 8)}`,
  inet: (k) => `10.0.${Math.floor(k / 250) % 250}.${(k % 250) + 1}`,
  cidr: (k) => `10.${Math.floor(k / 250) % 250}.${k % 250}.0/24`,
  macaddr: (k) => `08:00:2b:01:${hex(Math.floor(k / 256) % 256, 2)}:${hex(k % 256, 2)}`,
  macaddr8: (k) => `08:00:2b:01:02:03:${hex(Math.floor(k / 256) % 256, 2)}:${hex(k % 256, 2)}`,
  bit: (k, modifier) => bitsAt(k, lengthOf(modifier, 1)),
  varbit: (k, modifier) => bitsAt(k, Math.min(lengthOf(modifier, 32), 32)),
  xml: (k) => `<row place="${k + 1}">text</row>`,
  tsvector: (k) => `'fat':1 'rat${k + 1}':2`,
  tsquery: (k) => `'fat' & 'rat${k + 1}'`,
  point: (k) => `(${k + 1},2)`,
  line: (k) => `{1,2,${k + 1}}`,
  lseg: (k) => `[(0,0),(${k + 1},1)]`,
  box: (k) => `(${2 * k + 1},1),(${2 * k},0)`,
  path: (k) => `[(0,0),(${k + 1},1)]`,
  polygon: (k) => `((0,0),(${k + 1},1),(1,2))`,
  circle: (k) => `<(${4 * k},0),1>`,
  pg_lsn: (k) => `0/${hex(k + 1, 1)}`,
  tid: (k) => `(0,${k + 1})`,
  txid_snapshot: (k) => `${k + 1}:${k + 2}:`,
  pg_snapshot: (k) => `${k + 1}:${k + 2}:`,
  aclitem: () => '=r/postgres',
  regclass: (k) => ['pg_class', 'pg_type', 'pg_proc', 'pg_attribute'][k % 4]!,
  regtype: (k) => ['integer', 'text', 'boolean', 'uuid'][k % 4]!,
  regproc: (k) => ['now', 'version', 'pg_backend_pid'][k % 3]!,
  regprocedure: (k) => ['now()', 'version()', 'pg_backend_pid()'][k % 3]!,
  regoper: () => 'pg_catalog.||/',
  regoperator: (k) => ['+(integer,integer)', '-(integer,integer)'][k % 2]!,
  regnamespace: (k) => ['pg_catalog', 'public', 'information_schema'][k % 3]!,
  regrole: (k) => ['pg_monitor', 'pg_read_all_data', 'pg_write_all_data', 'pg_signal_backend'][k % 4]!,
  regcollation: () => 'pg_catalog."C"',
  regconfig: (k) => ['simple', 'english'][k % 2]!,
  regdictionary: () => 'simple',
};

const vectorAt = (k: number, modifier: string) =>
  `[${Array.from({ length: lengthOf(modifier, 3) }, (_, place) => (place === 0 ? k + 1 : 1)).join(',')}]`;

const extensionValues: Record<string, (k: number, modifier: string) => string> = {
  citext: (k) => textAt(k, Infinity),
  hstore: (k) => `"place"=>"${k + 1}", "word"=>"it's ü"`,
  ltree: (k) => `top.place_${k + 1}`,
  vector: vectorAt,
  halfvec: vectorAt,
  sparsevec: (k, modifier) => `{1:${k + 1}}/${lengthOf(modifier, 3)}`,
};
