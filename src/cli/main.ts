import { Command, CommanderError } from 'commander';
import { readConfig } from '../config/config.ts';
import type { Context, TargetFlags } from '../context.ts';
import { exitCodes, Problem, usage } from '../errors.ts';
import { toolVersion } from '../version.ts';
import { interrupt, interrupted, interruption } from '../target/interrupt.ts';
import { askHidden, askOnTerminal, createOutput } from './output.ts';
import { programs } from './programs.ts';
import type { CommonFlags, Program } from './command.ts';
import { spellRemote } from './remote-words.ts';

/** Runs a command line and gives the exit code. `name` is the program's own name: `supasnap`, or `db-migrate` for one command alone. */
export async function main(name: string, words: string[]): Promise<number> {
  const alone = programs.find((program) => `db-${program.name}` === name);
  const command = alone ? describe(new Command(name), alone) : everything(name);
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeOut: (text) => process.stdout.write(text), writeErr: (text) => process.stderr.write(text) });
  let code: number = exitCodes.done;
  const run =
    (program: Program) =>
    async (...args: unknown[]) => {
      const self = args.at(-1) as Command;
      code = await runProgram(program, self.args, self.opts());
    };
  if (alone) command.action(run(alone));
  else for (const each of command.commands) each.action(run(programs.find((program) => program.name === each.name())!));
  try {
    await command.parseAsync(spellRemote(words), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    throw error;
  }
  return code;
}

function everything(name: string): Command {
  const command = new Command(name)
    .description('Snapshots, proven migrations and rollbacks for Supabase and PostgreSQL.')
    .version(toolVersion, '--version');
  for (const program of programs) describe(command.command(program.name), program);
  return command;
}

function describe(command: Command, program: Program): Command {
  command.description(program.description).showSuggestionAfterError().showHelpAfterError('Run it with --help to see what it takes.');
  for (const [argument, text] of program.arguments) command.argument(argument, text);
  for (const [flag, text] of [...program.options, ...commonOptions]) command.option(flag, text);
  return command;
}

export const commonOptions: [flag: string, text: string][] = [
  ['--embedded', 'act on the embedded PostgreSQL'],
  ['--ssl-root-cert <file>', 'certificates to trust when connecting; without sslmode the server must prove its name too'],
  ['--remote [target]', 'act on the linked project; --remote=<ref> on another, --remote=<url> on the database of this URL'],
  ['--env <name>', 'act on an environment of supabase/supasnap.toml'],
  ['--db-url <url>', 'the same as --remote=<url>'],
  ['--workdir <folder>', 'the folder that holds supabase/'],
  ['--output-format <format>', 'text or json'],
  ['--yes', 'do it without asking'],
  ['--debug', 'show when each step began, and more when something goes wrong'],
  ['--no-color', 'plain text'],
];

async function runProgram(program: Program, words: string[], flags: CommonFlags): Promise<number> {
  const secrets: string[] = [];
  const format = flags.outputFormat ?? 'text';
  const color = flags.color !== false && process.stderr.isTTY === true && !process.env.NO_COLOR;
  const output = createOutput({ format: format === 'json' ? 'json' : 'text', color, debug: flags.debug ?? false }, () => secrets);
  try {
    if (format !== 'text' && format !== 'json')
      throw new Problem(exitCodes.usage, 'wrong_arguments', `--output-format takes text or json, not "${format}".`, {
        state: 'Nothing was changed.',
      });
    const config = readConfig(flags.workdir, process.cwd());
    const context: Context = {
      config,
      target: targetFlags(flags),
      environment: process.env,
      report: output.report,
      now: () => new Date(),
      yes: flags.yes ?? false,
      ask: process.stdin.isTTY ? askOnTerminal : undefined,
      ...(flags.sslRootCert ? { sslRootCert: flags.sslRootCert } : {}),
      askHidden: process.stdin.isTTY ? askHidden : undefined,
      secret: (text) => secrets.push(text),
    };
    heedSignals(output.report.warn);
    const { value, text, code } = await program.run(context, words, flags);
    output.result(value, text);
    return code ?? exitCodes.done;
  } catch (error) {
    if (!interrupted.aborted) return output.fail(error);
    output.fail(isAnswer(error) ? error : interruption());
    return interruptedCode;
  }
}

/** As a shell calls a program that Ctrl-C ended. */
const interruptedCode = 130;

/** After an interruption many things fail in their own words; these say what became of the database. */
const isAnswer = (error: unknown) => error instanceof Problem && (error.exitCode === exitCodes.attention || error.code === 'interrupted');

let heeding = false;

/** The first Ctrl-C, SIGTERM or closing of the terminal takes back what is not committed; the second ends the program at once, and the server takes it back. */
function heedSignals(warn: (text: string) => void): void {
  if (heeding) return;
  heeding = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted.aborted) process.exit(interruptedCode);
      warn('Interrupted: stopping, and taking back what is not committed (once more: stop at once) …');
      interrupt();
    });
  }
}

function targetFlags({ embedded, remote, dbUrl, env }: CommonFlags): TargetFlags {
  if (remote !== undefined && dbUrl !== undefined)
    throw usage('wrong_arguments', '--remote and --db-url name two targets.', { state: 'Nothing was changed.', next: 'Give one of them.' });
  return { embedded, remote: remote ?? dbUrl, env };
}
