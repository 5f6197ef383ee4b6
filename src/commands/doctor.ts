import type { Context } from '../context.ts';
import { checkMachine } from './doctor-machine.ts';
import { checkProject } from './doctor-project.ts';
import { checkTarget } from './doctor-target.ts';
import type { Finding } from './finding.ts';

export type { Finding } from './finding.ts';

/** Looks at this machine, the project and the target. What is wrong is a finding, never thrown. */
export async function doctor(context: Context): Promise<Finding[]> {
  const target = await checkTarget(context);
  return [...(await checkMachine(context, target.major)), ...(await checkProject(context)), ...target.findings];
}
