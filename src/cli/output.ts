import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import colors from 'picocolors';
import type { Reporter } from '../context.ts';
import { exitCodes, Problem, type ExitCode } from '../errors.ts';
import { renderProblem } from '../render-problem.ts';
import { printableLines } from '../report/printable.ts';
import { interrupted, interruption } from '../target/interrupt.ts';

export interface OutputOptions {
  format: 'text' | 'json';
  color: boolean;
  debug: boolean;
}

/** Everything that leaves the process passes here, so secrets are masked here and nowhere else. */
export function createOutput(options: OutputOptions, secrets: () => string[]) {
  const paint = colors.createColors(options.color);
  const mask = (text: string) => maskSecrets(text, secrets());
  const tell = (text: string) => process.stderr.write(`${mask(text)}\n`);
  const began = performance.now();
  const time = () => (options.debug ? paint.dim(`${((performance.now() - began) / 1000).toFixed(2).padStart(6)} s  `) : '');
  const report: Reporter = {
    target: (line) => tell(paint.bold(printableLines(line))),
    step: (text) => tell(`${time()}${printableLines(text)}`),
    note: (text) => tell(paint.dim(printableLines(text))),
    warn: (text) => tell(paint.yellow(printableLines(text))),
  };
  return {
    report,
    /** The result: text for people, or one JSON value. */
    result: (value: unknown, text: string) => {
      const body = options.format === 'json' ? JSON.stringify(value, null, 2) : printableLines(text);
      if (body !== '') process.stdout.write(`${mask(body)}\n`);
    },
    /** Says what went wrong and gives the exit code. */
    fail: (error: unknown): ExitCode => {
      const problem = error instanceof Problem ? error : unexpected(error as Error);
      if (options.format === 'json') process.stdout.write(`${mask(JSON.stringify(problemJson(problem), null, 2))}\n`);
      else tell(paintError(printableLines(renderProblem(problem)), paint));
      if (options.debug) tell(paint.dim(String((error as Error).stack)));
      return problem.exitCode;
    },
  };
}

/** Replaces each secret, and any password inside a URL but the word that stands for one. */
export function maskSecrets(text: string, secrets: string[]): string {
  let masked = text.replace(/(postgres(?:ql)?:\/\/[^\s:/@]+):(?!<password>@)[^\s@/]+@/g, '$1:***@');
  for (const secret of secrets)
    if (secret.length >= 4) masked = masked.replaceAll(secret, '***').replaceAll(JSON.stringify(secret).slice(1, -1), '***');
  return masked;
}

export async function askOnTerminal(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // On a terminal the prompt gets Ctrl-C, and not the process.
    prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return await prompt.question(question, { signal: interrupted });
  } catch (error) {
    throw interrupted.aborted ? interruption('Nothing was changed.', 'Run the command again when you are ready.') : error;
  } finally {
    prompt.close();
  }
}

/** What is typed goes nowhere: the prompt's own echo has no output. */
export async function askHidden(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  output.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input, output: nowhere, terminal: true });
  const stopped = new AbortController();
  prompt.once('SIGINT', () => stopped.abort());
  try {
    return await prompt.question('', { signal: stopped.signal });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ABORT_ERR') throw error;
    return '';
  } finally {
    prompt.close();
    output.write('\n');
  }
}

const paintError = (text: string, paint: ReturnType<typeof colors.createColors>) => text.replace(/^Error:/, paint.red('Error:'));

const unexpected = (error: Error & { code?: string }) =>
  new Problem(exitCodes.failed, 'internal', `${error.message}${error.code ? ` (${error.code})` : ''}`, {
    state: 'It is not known whether anything was changed.',
    next: 'Look at: npx supasnap status. With --debug the same command shows more.',
    cause: error,
  });

const problemJson = (problem: Problem) => ({ error: { ...partsOf(problem), exitCode: problem.exitCode } });

/** What JSON says of a problem: an Error loses its message there. */
export const partsOf = ({ code, message, place, detail, state, next, sqlState }: Problem) => ({
  code,
  message,
  place,
  detail,
  state,
  next,
  sqlState,
});
