interface Result {
  suite: string;
  part: string;
  commit: string;
  outcome: string;
  date: string;
  minutes: number;
  tests: { passed: number; failed: number; skipped: number };
  figures: string[][];
  failures: string[];
}
type Entry = Omit<Result, 'suite' | 'part' | 'outcome' | 'figures'> & { parts: number; figures: string[] };
export type SuitesRecord = Record<string, { passed?: Entry; failed?: Partial<Entry> }>;

export const suites: Record<string, { parts?: 'cases' | 'files'; figures: { line: RegExp; join?: 'sum' | 'largest' }[] }>;
export function readOutput(suite: string, output: string): Partial<Pick<Result, 'tests'>> & Pick<Result, 'figures' | 'failures'>;
export function addResults(record: SuitesRecord, results: Result[]): { record: SuitesRecord; recorded: string[]; missing: string[] };
export function renderRecord(record: SuitesRecord): string;
export function writeInto(text: string, record: SuitesRecord): string;
