import type pg from 'pg';
import { quoteText } from '../sql-names.ts';
import { attemptOrNot } from './seed-attempt.ts';
import type { SeedType } from './seed-catalog.ts';
import { valueChoices } from './seed-choices.ts';
import { readHints } from './seed-hints.ts';
import { sampleOf, type Choice, type Samples } from './seed-values.ts';

/** Asks the server which values it takes for domains with constraints and for types that only an extension knows. */
export async function readSamples(client: pg.Client, types: Map<number, SeedType>): Promise<Samples> {
  const samples: Samples = new Map();
  const asked = new Set<number>();
  const ask = async (type: SeedType | undefined): Promise<void> => {
    if (!type || asked.has(type.number)) return;
    asked.add(type.number);
    if (type.of) await ask(types.get(type.of.type));
    const candidates = candidatesOf(types, samples, type);
    if (candidates.length > 0) samples.set(type.number, await accepted(client, type, candidates));
  };
  for (const type of types.values()) await ask(type);
  return samples;
}

function candidatesOf(types: Map<number, SeedType>, samples: Samples, type: SeedType): Choice[] {
  if (type.kind === 'domain' && type.checks.length > 0) {
    const hints = type.checks.flatMap((check) => readHints(check, ['VALUE']).hints);
    return valueChoices({ types, samples }, type.of!, hints);
  }
  const unknown = type.kind === 'base' && sampleOf(types, samples, { type: type.number, modifier: '' }, 0) === undefined;
  return unknown ? forms : [];
}

/** Those of which the first values pass; where there is none, single values that pass. */
async function accepted(client: pg.Client, type: SeedType, candidates: Choice[]): Promise<Choice[]> {
  const passes = async (values: unknown[]) =>
    (await attemptOrNot(client, `select ${values.map((value) => `${quoteText(String(value))}::${type.reach}`).join(', ')}`)) !== undefined;
  if (await passes(candidates.flatMap((choice) => [0, 1, 2].map(choice)))) return candidates;
  const found: Choice[] = [];
  for (const choice of candidates) if (await passes([0, 1, 2].map(choice))) found.push(choice);
  if (found.length > 0) return found;
  for (const choice of candidates) if (await passes([choice(0)])) found.push(() => choice(0));
  return found;
}

const forms: Choice[] = [
  (k) => `${k + 1}`,
  (k) => `a${k}`,
  (k) => `"a"=>"${k}"`,
  (k) => `[${k + 1},2,3]`,
  (k) => `(${k + 1},2)`,
  (k) => `POINT(${k + 1} 2)`,
  (k) => `SRID=4326;POINT(${k + 1} 2)`,
  (k) => `{${k + 1}}`,
  (k) => `{"a": ${k}}`,
  () => '',
];
