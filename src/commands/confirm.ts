import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import type { Hazard } from '../migration/hazards.ts';
import type { Target } from '../target/target.ts';

/** Asks before a migration is applied: yes or no, and the target's name where rows may go. */
export async function confirmMigration(context: Context, target: Target, label: string, hazards: Hazard[]): Promise<void> {
  if (context.yes) return;
  const destructive = hazards.some((hazard) => hazard.severity === 'high');
  if (destructive) return confirmByName(context, target, `Apply ${label} to ${target.name}? It removes data.`);
  if (!context.ask) throw noTerminal(target);
  const answer = await context.ask(`Apply ${label} to ${target.name}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw declined(target);
}

/** Asks for the target's name to be typed. */
export async function confirmByName(context: Context, target: Target, question: string): Promise<void> {
  if (context.yes) return;
  if (!context.ask) throw noTerminal(target);
  const answer = await context.ask(`${question}\nType the target's name (${target.name}) to go on: `);
  if (answer.trim() !== target.name) throw declined(target);
}

const noTerminal = (target: Target) =>
  refused('There is no terminal to ask on, and --yes was not given.', {
    state: `Nothing was changed on ${target.name}.`,
    next: 'Read the plan above; run the same command with --yes to carry it out.',
  });

const declined = (target: Target) =>
  refused('You did not confirm.', { state: `Nothing was changed on ${target.name}.`, next: 'Run the command again when you are ready.' });
