import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Context } from '../context.ts';

/** A variable that is set, and where. */
export interface Variable {
  value: string;
  /** Such as `DATABASE_URL` or `DATABASE_URL in supabase/.env`. */
  origin: string;
}

/** The variables of supabase/.env. */
export function readEnvFile({ config }: Pick<Context, 'config'>): Record<string, string | undefined> {
  const file = join(config.folders.supabase, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

/** A variable of the environment, else of supabase/.env; one that is empty counts as not set. */
export function findVariable(context: Pick<Context, 'config' | 'environment'>, name: string): Variable | undefined {
  const value = context.environment[name];
  if (value) return { value, origin: name };
  const inFile = readEnvFile(context)[name];
  return inFile ? { value: inFile, origin: `${name} in supabase/.env` } : undefined;
}
