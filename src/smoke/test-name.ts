/** `v0.7.0_smoke_test.sql`, or `20251026211500_smoke_test.sql` for a migration without a version. */
const form = /^(v\d+\.\d+\.\d+(?:[-.+][\w.+-]*?)?|\d{14})_(smoke_test\.sql|expect\.toml)$/i;

/** The version that a test's file name begins with; undefined for another kind of file. */
export function readTestName(name: string): { version: string; kind: 'test' | 'expectations' } | undefined {
  const [, version, kind] = form.exec(name) ?? [];
  if (!version) return undefined;
  return { version, kind: kind?.toLowerCase() === 'expect.toml' ? 'expectations' : 'test' };
}

/** File name of a path, whichever slashes it has. */
export const fileName = (path: string) => path.replaceAll('\\', '/').split('/').at(-1) ?? path;

/** The version in a test's path; the name without its ending when it has another form. */
export const versionOfTest = (path: string) => readTestName(fileName(path))?.version ?? fileName(path).replace(/(_smoke_test)?\.sql$/i, '');

/** Versions in order of their numbers, timestamps after them in order of time. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

const numbers = (version: string) => version.match(/\d+/g)?.map(Number) ?? [];
