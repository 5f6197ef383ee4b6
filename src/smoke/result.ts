import type { Problem } from '../errors.ts';

/** One line of a test's checklist. A failed check with the directive `todo` is shown and does not fail the test, as in TAP. */
export interface SmokeCheck {
  ok: boolean;
  name: string;
  /** What was found instead, or the reason of a directive; lines separated by `\n`. */
  detail?: string;
  directive?: 'skip' | 'todo';
}

/** What a smoke test found. Everything the test did is rolled back by then. */
export interface SmokeResult {
  /** As in the file's name: `v0.7.0`, or a timestamp. */
  version: string;
  /** Path of the test, as given. */
  file: string;
  ok: boolean;
  checks: SmokeCheck[];
  /** By kind (`tables`, `views`, …), in the schemas of the expectations. */
  counts: Record<string, { expected?: number; found: number }>;
  durationMs: number;
  /** The exception that ended the test, with file, line and column. */
  problem?: Problem;
}

/** Whether a check lets its test pass. */
export const passes = (check: SmokeCheck) => check.ok || check.directive === 'todo';

/** A result in numbers, as history keeps it. */
export interface Tested {
  file: string;
  ok: boolean;
  passed: number;
  failed: number;
}

export const testedOf = (test: SmokeResult | undefined): Tested | null =>
  test
    ? {
        file: test.file,
        ok: test.ok,
        passed: test.checks.filter(passes).length,
        failed: test.checks.filter((check) => !passes(check)).length,
      }
    : null;
