import { test } from '../commands/test.ts';
import type { Context } from '../context.ts';
import { exitCodes, usage, type ExitCode } from '../errors.ts';
import { renderProblem } from '../render-problem.ts';
import { renderTests, testFormats } from '../report/test-formats.ts';
import { renderChecklist } from '../smoke/checklist.ts';
import type { SmokeResult } from '../smoke/result.ts';
import type { CommonFlags, Outcome } from './command.ts';
import { partsOf } from './output.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  if (words.length > 1)
    throw usage('wrong_arguments', 'test takes one version, file or folder.', {
      state: 'Nothing was changed.',
      next: 'For all of them: npx supasnap test --all',
    });
  const format = testFormats.find((known) => known === flags.format);
  if (flags.format !== undefined && !format)
    throw usage('wrong_arguments', `--format takes ${testFormats.join(', ')}, not "${String(flags.format)}".`, {
      state: 'Nothing was changed.',
      next: 'Leave it out for a list to read.',
    });
  const results = await test(context, { all: flags.all === true, ...(words[0] === undefined ? {} : { version: words[0] }) });
  if (format) return { value: results.map(asJson), text: renderTests(results, format), code: codeOf(results) };
  const text = results.map(renderResult);
  if (results.length > 1) text.push(summary(results));
  const code = codeOf(results);
  if (code === exitCodes.failed) text.push('State: Nothing was changed: tests are rolled back.');
  return { value: results.map(asJson), text: text.join('\n\n'), code };
}

/** A test that ended the transaction it ran in may have changed something; any other is rolled back. */
const codeOf = (results: SmokeResult[]): ExitCode => {
  if (results.every(({ ok }) => ok)) return exitCodes.done;
  return results.some(({ problem }) => problem?.exitCode === exitCodes.attention) ? exitCodes.attention : exitCodes.failed;
};

const renderResult = (result: SmokeResult) =>
  [renderChecklist(result), ...(result.problem ? ['', renderProblem(result.problem)] : [])].join('\n');

function summary(results: SmokeResult[]): string {
  const failed = results.filter(({ ok }) => !ok).map(({ version }) => version);
  const tests = results.some(({ version, file }) => version === file) ? 'tests' : 'smoke tests';
  return failed.length === 0
    ? `All ${results.length} ${tests} passed.`
    : `${failed.length} of ${results.length} ${tests} failed: ${failed.join(', ')}.`;
}

const asJson = ({ problem, ...result }: SmokeResult) => (problem ? { ...result, problem: partsOf(problem) } : result);
