import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { usage } from '../errors.ts';

/** What we need of the Supabase CLI's config.toml. */
export interface SupabaseConfig {
  /** Where the local stack's database listens. */
  port: number;
  /** The major version that the project says it has; undefined when it says nothing. */
  majorVersion?: number;
  /** What the CLI's "db diff" loads as the declared schema: paths and patterns, from the folder supabase/. */
  schemaPaths: string[];
}

/** Reads supabase/config.toml; undefined when there is none. */
export function readSupabaseConfig(folder: string): SupabaseConfig | undefined {
  const file = join(folder, 'config.toml');
  if (!existsSync(file)) return undefined;
  try {
    const { db } = parse(readFileSync(file, 'utf8')) as {
      db?: { port?: unknown; major_version?: unknown; migrations?: { schema_paths?: unknown } };
    };
    const paths = db?.migrations?.schema_paths;
    return {
      port: typeof db?.port === 'number' ? db.port : 54322,
      ...(typeof db?.major_version === 'number' ? { majorVersion: db.major_version } : {}),
      schemaPaths: Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [],
    };
  } catch {
    throw usage('bad_config', 'supabase/config.toml is not valid TOML.', {
      state: 'Nothing was changed.',
      next: 'Run "supabase migration list" to see what the CLI says of it.',
    });
  }
}
