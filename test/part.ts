/**
 * Cases of a long suite that run in this process: all, or with SUPASNAP_PART=2/3 every third from the second on, so that several processes
 * run it side by side (npm run suites).
 */
export function inPart<T>(cases: T[]): T[] {
  const [part, count] = (process.env.SUPASNAP_PART ?? '1/1').split('/').map(Number) as [number, number];
  if (!(part >= 1 && part <= count)) throw new Error(`SUPASNAP_PART is ${process.env.SUPASNAP_PART}, and not like 2/3.`);
  return cases.filter((_, index) => index % count === part - 1);
}
