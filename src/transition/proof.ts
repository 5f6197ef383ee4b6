import { compareDumps } from '../snapshot/canonical.ts';
import { factDifferences, type Facts } from '../snapshot/facts.ts';

/** Whether a rollback was seen to lead back, on what, and by which independent judges. */
export interface Proof {
  proven: boolean;
  by: ('facts' | 'pg_dump')[];
  shadow: string;
  differences: string[];
  /** Why it is not proven. */
  reason?: string;
  /** What would help, where that is known. */
  next?: string;
}

/** Judges the state that came back against the state before: by facts and, where there is a dump of both, by text. */
export function judge(shadow: string, before: { facts: Facts; sql?: string }, back: { facts: Facts; sql?: string }): Proof {
  const byFacts = factDifferences(before.facts, back.facts);
  const byDump = before.sql !== undefined && back.sql !== undefined ? compareDumps(before.sql, back.sql).differences : undefined;
  const differences = [...byFacts, ...(byDump ?? [])];
  if (differences.length > 0) {
    return {
      proven: false,
      by: [],
      shadow,
      differences,
      reason: `the state that came back differs in ${count(differences.length, 'place')}`,
    };
  }
  if (byDump === undefined) {
    const unseen = [...new Set([...before.facts.notModelled, ...back.facts.notModelled])];
    if (unseen.length > 0)
      return { proven: false, by: ['facts'], shadow, differences: unseen, reason: "facts alone can't judge what they do not hold" };
  }
  return { proven: true, by: byDump === undefined ? ['facts'] : ['facts', 'pg_dump'], shadow, differences: [] };
}

export const unproven = (shadow: string, reason: string, differences: string[] = []): Proof => ({
  proven: false,
  by: [],
  shadow,
  differences,
  reason,
});

const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
