/** What is drawn from a seed: the same seed gives the same. */
export interface Draw {
  /** From 0 up to 1. */
  share: () => number;
  /** A whole number from 0 up to below `end`. */
  below: (end: number) => number;
  /** Whether it happens, `share` times of one. */
  chance: (share: number) => boolean;
  /** One of a list that is not empty. */
  one: <T>(list: readonly T[]) => T;
}

export function drawFrom(seed: number): Draw {
  const share = randomFrom(seed);
  const below = (end: number) => Math.floor(share() * end);
  return { share, below, chance: (of) => share() < of, one: (list) => list[below(list.length)]! };
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
