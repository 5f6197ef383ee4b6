import { adviceLevels, type AdviceLevel } from '../config/settings.ts';

/** One finding of the platform's advisors. */
export interface Finding {
  level: AdviceLevel;
  title: string;
  /** `public.notes`, or a name alone for what is in no schema. */
  object: string;
  /** What was found, in one line. */
  detail: string;
  /** Where it is explained. */
  link?: string;
  /** The same finding about the same object has the same key. */
  key: string;
}

/** These count what a database did with its rows; a shadow holds none. */
const aboutRows = new Set(['unused_index', 'table_bloat']);

/** Reads what `supabase db advisors --output-format json` prints; undefined when it is something else. What is about the shadow alone is left out. */
export function readFindings(output: string): Finding[] | undefined {
  const results = parsed(output)?.results;
  if (!Array.isArray(results)) return undefined;
  return results.flatMap((each) => readFinding(each as Record<string, unknown>) ?? []);
}

function readFinding(each: Record<string, unknown>): Finding | undefined {
  const { name, title, level, detail, remediation, cacheKey, metadata } = each;
  const { schema, name: object } = (metadata ?? {}) as { schema?: unknown; name?: unknown };
  const known = adviceLevels.find((word) => word.toUpperCase() === level);
  if (!known || typeof name !== 'string' || aboutRows.has(name) || schema === 'supabase_migrations') return undefined;
  return {
    level: known,
    title: typeof title === 'string' ? title : name,
    object: [schema, object].filter((part) => typeof part === 'string').join('.'),
    detail: typeof detail === 'string' ? detail.replace(/\s+/g, ' ').trim() : '',
    ...(typeof remediation === 'string' && remediation.startsWith('https://') ? { link: remediation } : {}),
    key: typeof cacheKey === 'string' ? cacheKey : JSON.stringify([name, metadata]),
  };
}

function parsed(text: string): { results?: unknown } | undefined {
  try {
    return JSON.parse(text) as { results?: unknown };
  } catch {
    return undefined;
  }
}

/** What is found after and was not found before, gravest first. */
export function newFindings(before: Finding[], after: Finding[]): Finding[] {
  const known = new Set(before.map(({ key }) => key));
  const rank = ({ level }: Finding) => adviceLevels.indexOf(level);
  return after.filter(({ key }) => !known.has(key)).sort((a, b) => rank(a) - rank(b) || a.key.localeCompare(b.key));
}

/** Those of that level, and graver. */
export const atLeast = (findings: Finding[], level: AdviceLevel): Finding[] =>
  findings.filter((each) => adviceLevels.indexOf(each.level) <= adviceLevels.indexOf(level));
