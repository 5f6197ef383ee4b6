export interface Canonical {
  /** "Name: …; Type: …; Schema: …; Owner: …" */
  title: string;
  body: string;
}

const mostLines = 20;
const longestLine = 200;

/** What differs between two sorted lists of objects: each one missing, extra or changed, with the lines that changed. */
export const differencesOf = (before: Canonical[], after: Canonical[]): string[] => {
  const [gone, come] = withoutEqual(before, after);
  const pairs: [Canonical, Canonical][] = [];
  for (const sameThing of [sameTitle, sameButOwner]) {
    for (const old of [...gone]) {
      const match = come.find((each) => sameThing(old, each));
      if (!match) continue;
      pairs.push([old, match]);
      gone.splice(gone.indexOf(old), 1);
      come.splice(come.indexOf(match), 1);
    }
  }
  return [
    ...pairs.map(([old, now]) => changed(old, now)),
    ...gone.map(({ title }) => `missing: ${title}`),
    ...come.map(({ title }) => `extra: ${title}`),
  ];
};

const withoutEqual = (before: Canonical[], after: Canonical[]): [Canonical[], Canonical[]] => {
  const key = ({ title, body }: Canonical) => `${title}\n${body}`;
  const left = new Map<string, number>();
  for (const each of after) left.set(key(each), (left.get(key(each)) ?? 0) + 1);
  const gone = before.filter((each) => !takeOne(left, key(each)));
  const come = after.filter((each) => takeOne(left, key(each)));
  return [gone, come];
};

const takeOne = (counts: Map<string, number>, key: string) => {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
};

const sameTitle = (a: Canonical, b: Canonical) => a.title === b.title;
const ownerless = ({ title }: Canonical) => title.replace(/; Owner: [^;]*$/, '');
const sameButOwner = (a: Canonical, b: Canonical) => ownerless(a) === ownerless(b);

const changed = (old: Canonical, now: Canonical): string => {
  const owner = old.title === now.title ? '' : ` (now ${now.title.replace(/^.*; (?=Owner: )/, '')})`;
  return [`changed: ${old.title}${owner}`, ...changedLines(old.body, now.body)].join('\n');
};

const changedLines = (old: string, now: string): string[] => {
  const [before, after] = [old.split('\n'), now.split('\n')];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const [removed, added] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const [keptBefore, keptAfter] = [new Set(removed), new Set(added)];
  // Lines that both have only moved: worth showing only when nothing else changed.
  const [lost, gained] = [removed.filter((line) => !keptAfter.has(line)), added.filter((line) => !keptBefore.has(line))];
  const onlyMoved = lost.length + gained.length === 0;
  return [...clip(onlyMoved ? removed : lost, '-'), ...clip(onlyMoved ? added : gained, '+')];
};

const clip = (lines: string[], sign: string) => [
  ...lines.slice(0, mostLines).map((line) => `  ${sign} ${line.length > longestLine ? `${line.slice(0, longestLine)} …` : line}`),
  ...(lines.length > mostLines ? [`  ${sign} … ${lines.length - mostLines} more lines`] : []),
];
