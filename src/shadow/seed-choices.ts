import type { SeedColumn, SeedType, TypeUse } from './seed-catalog.ts';
import type { Hint } from './seed-hints.ts';
import { textForLike, textForPattern } from './seed-pattern.ts';
import { dateAt, quotedItem, textAt, sampleOf, type Choice, type Samples } from './seed-values.ts';

export interface ChoiceContext {
  types: Map<number, SeedType>;
  samples: Samples;
}

export const nothing: Choice = () => null;
const theDefault: Choice = () => undefined;

/** The ways to fill a column, the likeliest first. `lift` says how many other columns a constraint wants below this one. */
export function choicesOf(context: ChoiceContext, column: SeedColumn, hints: Hint[], lift: number): Choice[] {
  const { sequence } = column;
  return [
    ...(sequence ? [(k: number) => `${BigInt(sequence.start) + BigInt(k) * BigInt(sequence.increment)}`] : []),
    ...valueChoices(context, column, hints, lift),
    ...(column.nullable ? [nothing] : []),
    ...(column.hasDefault ? [theDefault] : []),
  ];
}

/** The same for a type alone. Empty where no value of it is known. */
export function valueChoices(context: ChoiceContext, use: TypeUse, hints: Hint[], lift = 0): Choice[] {
  const { base, modifier } = baseOf(context.types, use);
  const ordinary = context.samples.get(use.type) ?? [(k: number) => sampleOf(context.types, context.samples, use, k)];
  const lifted =
    lift > 0 && ordered.test(base?.name ?? '') ? [(k: number) => sampleOf(context.types, context.samples, use, k + 20 * lift)] : [];
  const usual = [...lifted, ...ordinary].filter((choice) => choice(0) !== undefined);
  return [
    ...hintedChoices(base, modifier, hints, lift),
    ...usual,
    ...(usual.length > 0 || hints.length > 0 ? spareChoices(base, modifier) : []),
  ];
}

/** What a domain is made of in the end. */
function baseOf(types: Map<number, SeedType>, use: TypeUse): { base?: SeedType; modifier: string } {
  const type = types.get(use.type);
  return type?.kind === 'domain' ? baseOf(types, type.of!) : { ...(type ? { base: type } : {}), modifier: use.modifier };
}

const ordered = /^(int[248]|numeric|float[48]|money|date|time|timetz|timestamp|timestamptz|interval)$/;
const texts = /^(text|varchar|bpchar|citext|name)$/;
const integers = /^(int[248]|oid)$/;
const decimals = /^(numeric|float[48]|money)$/;
const moments = /^(date|timestamp|timestamptz)$/;
const lengths =
  /^(char_length|character_length|length|octet_length|cardinality|array_length|jsonb_array_length|json_array_length|bit_length)$/;

function hintedChoices(base: SeedType | undefined, modifier: string, all: Hint[], lift: number): Choice[] {
  const hints = all.filter(({ operator }) => !/^(<>|!|@@)/.test(operator));
  const name = base?.name ?? '';
  if (base?.kind === 'array') return arrayChoices(hints);
  if (name === 'json' || name === 'jsonb') return jsonChoices(hints);
  const sized = hints.filter(({ of }) => lengths.test(of ?? ''));
  const plain = hints.filter((hint) => !sized.includes(hint));
  if (integers.test(name) || decimals.test(name)) return numberChoices(plain, integers.test(name), lift);
  if (moments.test(name)) return momentChoices(plain, name === 'date', lift);
  return [...textChoices(plain), ...sizedChoices(sized, modifier)];
}

/** A value of each list in turn, then each alone. */
const oneOf = (values: string[]): Choice[] =>
  values.length === 0 ? [] : [(k) => values[k % values.length], ...(values.length > 1 ? values.map((value) => () => value) : [])];

function textChoices(hints: Hint[]): Choice[] {
  const patterns = hints.flatMap(({ operator, literal }): Choice[] => {
    if (/^~\*?$/.test(operator)) return [(k) => textForPattern(literal, k)];
    return /^~~\*?$/.test(operator) ? [(k) => textForLike(literal, k)] : [];
  });
  const literals = hints.filter(({ operator }) => !operator.startsWith('~')).map(({ literal }) => literal);
  return [...oneOf(literals), ...patterns];
}

function sizedChoices(hints: Hint[], modifier: string): Choice[] {
  const most = modifier === '' ? 10_000 : Number(modifier);
  return hints.flatMap(({ operator, literal }) => {
    const length = Math.min(most, Number(literal) + (operator === '>' ? 1 : operator === '<' ? -1 : 0));
    return Number.isInteger(length) && length >= 0
      ? [(k: number) => (length === 0 ? '' : (k + 10).toString(36).padStart(length, 'a').slice(-length))]
      : [];
  });
}

function numberChoices(hints: Hint[], integer: boolean, lift: number): Choice[] {
  const numbers = hints.filter(({ literal }) => literal !== '' && Number.isFinite(Number(literal)));
  const step = (operator: string) => (integer && (operator === '<' || operator === '>') ? 1 : 0);
  const lowest = numbers
    .filter(({ operator }) => operator.startsWith('>'))
    .map(({ operator, literal }) => Number(literal) + step(operator));
  const highest = numbers
    .filter(({ operator }) => operator.startsWith('<'))
    .map(({ operator, literal }) => Number(literal) - step(operator));
  const [low, high] = [Math.max(...lowest), Math.min(...highest)];
  const inside: Choice[] = [];
  if (lowest.length > 0 && highest.length > 0 && high >= low) {
    inside.push(
      integer
        ? (k) => `${low + ((k + lift) % (high - low + 1))}`
        : (k) => `${rounded(low + ((high - low) * ((k % 7) + 1 + lift)) / (9 + lift))}`,
      () => `${(integer ? Math.floor : rounded)((low + high) / 2)}`,
    );
  }
  const sides = numbers.flatMap(({ operator, literal }): Choice[] => {
    const number = Number(literal);
    if (operator.startsWith('>')) return [(k) => `${rounded(number + k + 1 + 20 * lift)}`];
    if (operator.startsWith('<')) return [(k) => `${rounded(number - k - 1)}`];
    return [];
  });
  return [
    ...oneOf(numbers.filter(({ operator }) => operator === '=').map(({ literal }) => literal)),
    ...inside,
    ...sides,
    ...oneOf([...new Set(numbers.map(({ literal }) => literal))]),
  ];
}

const rounded = (value: number) => Number(value.toFixed(4));

function momentChoices(hints: Hint[], date: boolean, lift: number): Choice[] {
  const step = date ? 86_400 : 60;
  const sides = hints.flatMap(({ operator, literal }): Choice[] => {
    if (moved(literal, 0) === undefined) return [];
    if (operator.startsWith('>')) return [(k) => moved(literal, (k + (operator === '>' ? 1 : 0) + 20 * lift) * step)];
    if (operator.startsWith('<')) return [(k) => moved(literal, -(k + 1) * step)];
    return [];
  });
  return [
    ...sides,
    ...hints.map(
      ({ literal }) =>
        () =>
          literal,
    ),
  ];
}

/** A date, or a date and time with or without zone, some seconds later. */
function moved(literal: string, seconds: number): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.\d+)?([+-][\d:]+)?)?$/.exec(literal);
  if (!parts) return undefined;
  const text = new Date(Date.parse(`${parts[1]}T${parts[2] ?? '00:00:00'}Z`) + seconds * 1000).toISOString();
  return parts[2] ? `${text.slice(0, 10)} ${text.slice(11, 19)}${parts[3] ?? ''}` : text.slice(0, 10);
}

function arrayChoices(hints: Hint[]): Choice[] {
  const sized = hints
    .filter(({ of }) => lengths.test(of ?? ''))
    .map(({ operator, literal }) => Math.max(0, Number(literal) + (operator === '>' ? 1 : operator === '<' ? -1 : 0)));
  const items = hints.filter(({ of }) => !lengths.test(of ?? '')).map(({ literal }) => literal);
  return [
    ...items.map((item) => () => `{${quotedItem(item)}}`),
    ...(items.length > 1 ? [() => `{${items.map(quotedItem).join(',')}}`] : []),
    ...sized
      .filter((count) => count <= 100)
      .flatMap((count): Choice[] => ['1', 'a', '2024-01-01'].map((item) => () => `{${Array(count).fill(item).join(',')}}`)),
  ];
}

function jsonChoices(hints: Hint[]): Choice[] {
  const keys = hints.filter(({ key }) => key !== undefined);
  const withKeys = (otherwise: unknown): Choice[] => {
    if (keys.length === 0) return [];
    return [
      (k) =>
        JSON.stringify(
          Object.fromEntries(
            keys.map(({ key, operator, literal }) => [
              key,
              operator === '?' ? otherwise : operator.startsWith('>') ? Number(literal) + k + 1 : literal,
            ]),
          ),
        ),
    ];
  };
  return ['a', 1, 'postgres', [], {}].flatMap(withKeys);
}

/** Tried when nothing else passes: values of forms that constraints often ask for. */
function spareChoices(base: SeedType | undefined, modifier: string): Choice[] {
  const name = base?.name ?? '';
  if (base?.kind === 'enum') return base.labels.slice(0, 12).map((label) => () => label);
  if (name === 'bool') return [() => 'true', () => 'false'];
  if (name === 'json' || name === 'jsonb') return ['{}', '[]', '"a"', '1', 'true'].map((value) => () => value);
  if (integers.test(name) || decimals.test(name))
    return [
      ...(decimals.test(name) ? [(k: number) => `0.${k + 1}`] : []),
      () => '0',
      () => '1',
      (k) => `${-k - 1}`,
      (k) => `${(k + 1) * 10}`,
    ];
  if (moments.test(name)) return [(k) => dateAt(k + 40_000), (k) => dateAt(-k - 8_000), () => '1970-01-01'];
  if (base?.kind === 'array') return [() => '{}'];
  if (base?.kind === 'range') return [() => 'empty'];
  if (!texts.test(name)) return [];
  const longest = modifier === '' || name === 'name' ? 60 : Number(modifier);
  return textForms.filter((form) => form(0).length <= longest).concat((k) => textAt(k, Math.min(longest, 1)));
}

const textForms: ((k: number) => string)[] = [
  (k) => `user${k + 1}@example.com`,
  (k) => `https://example.com/${k + 1}`,
  (k) => `abc${String.fromCodePoint(97 + (k % 26))}`,
  (k) => `ABC${String.fromCodePoint(65 + (k % 26))}`,
  (k) => `${k + 1}`,
  (k) => `+49301234${500 + k}`,
  (k) => `00000000-0000-4000-8000-${String(k + 1).padStart(12, '0')}`,
  (k) => dateAt(k),
  (k) => `#0000${(k + 16).toString(16)}`,
  (k) => `#${(k + 256).toString(16).slice(-3)}`,
  (k) => ['en', 'de', 'fr', 'es'][k % 4]!,
  (k) => ['EUR', 'USD', 'GBP', 'JPY'][k % 4]!,
  (k) => `/path/${k + 1}`,
  (k) => `{"place": ${k + 1}}`,
  (k) => `1.0.${k}`,
  () => 'UTC',
  () => '',
];
