import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import type { Hazard } from '../migration/hazards.ts';
import type { Target } from '../target/target.ts';

/** Asks before a migration is applied: yes or no, and the target's name where rows may go, where something of the platform stops, or where the target is protected. */
export async function confirmMigration(context: Context, target: Target, label: string, hazards: Hazard[]): Promise<void> {
  if (isGranted(context, target)) return;
  const high = hazards.filter((hazard) => hazard.severity === 'high');
  const question = `Apply ${label} to ${target.name}?`;
  if (high.length === 0) return confirmPlainly(context, target, question);
  return confirmByName(
    context,
    target,
    `${question}${high.some(({ returns }) => !returns) ? ' It removes data.' : ''}${high.some(({ platform }) => platform) ? ' It takes away what the platform needs.' : ''}`,
  );
}

/** Asks for yes or no, and for the target's name where it is protected. */
export async function confirmPlainly(context: Context, target: Target, question: string): Promise<void> {
  if (isGranted(context, target)) return;
  if (target.environment?.protected) return confirmByName(context, target, question);
  if (!context.ask) throw noTerminal(target);
  const answer = await context.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw declined(target);
}

/** Asks for the target's name to be typed. */
export async function confirmByName(context: Context, target: Target, question: string): Promise<void> {
  if (isGranted(context, target)) return;
  requireName(context, target);
  if (!context.ask) throw noTerminal(target);
  const answer = await context.ask(`${question}\nType the target's name (${target.name}) to go on: `);
  if (answer.trim() !== target.name) throw declined(target);
}

/**
 * Refuses --yes for a protected target that nobody named and where nobody can be asked: a variable or a link alone may lead
 * anywhere. Cheap, so it can be asked before anything is rehearsed.
 */
export function requireName(context: Context, target: Target): void {
  if (!context.yes || context.ask || isGranted(context, target)) return;
  throw refused('protected_target', `${target.name} is protected, and --yes alone does not name it.`, {
    state: `Nothing was changed on ${target.name}.`,
    next: `If ${target.name} is meant, say so: run the same command with --env ${target.name} --yes`,
  });
}

/** --yes answers for a protected target only together with its name in --env. */
const isGranted = (context: Context, target: Target) =>
  context.yes && (!target.environment?.protected || context.target.env === target.environment.name);

const noTerminal = (target: Target) =>
  refused('not_confirmed', 'There is no terminal to ask on, and --yes was not given.', {
    state: `Nothing was changed on ${target.name}.`,
    next: `Read the plan above; run the same command with ${target.environment?.protected ? `--env ${target.name} ` : ''}--yes to carry it out.`,
  });

const declined = (target: Target) =>
  refused('not_confirmed', 'You did not confirm.', {
    state: `Nothing was changed on ${target.name}.`,
    next: 'Run the command again when you are ready.',
  });
