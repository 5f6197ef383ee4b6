import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import type { Finding } from './finding.ts';

/**
 * The folder in which the CLI is run: it holds what decides its findings of the project's config.toml, the schemas that are exposed, and
 * nothing that could fail there. So the CLI leaves nothing in the project.
 */
export function prepareFolder(
  stateFolder: string,
  supabaseFolder: string,
): { folder: string; schemas: string[] | undefined } | { failure: string } {
  const folder = join(stateFolder, 'advice');
  const schemas = exposedSchemas(supabaseFolder);
  try {
    mkdirSync(join(folder, 'supabase'), { recursive: true });
    replace(
      join(folder, 'supabase', 'config.toml'),
      `${stringify({ project_id: 'supasnap-shadow', ...(schemas ? { api: { schemas } } : {}) })}\n`,
    );
    return { folder, schemas };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

function exposedSchemas(supabaseFolder: string): string[] | undefined {
  try {
    const { api } = parse(readFileSync(join(supabaseFolder, 'config.toml'), 'utf8')) as { api?: { schemas?: unknown } };
    return Array.isArray(api?.schemas) && api.schemas.every((name) => typeof name === 'string') ? api.schemas : undefined;
  } catch {
    return undefined;
  }
}

/** What was found the last time, when it was found in that state. */
export function recall(folder: string, key: string): Finding[] | undefined {
  const file = join(folder, 'findings.json');
  try {
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { key: string; findings: Finding[] }) : undefined;
    return kept?.key === key ? kept.findings : undefined;
  } catch {
    return undefined;
  }
}

/** The state after a migration is the state before the next one: it need not be looked at twice. */
export function remember(folder: string, key: string, findings: Finding[]): void {
  try {
    replace(join(folder, 'findings.json'), JSON.stringify({ key, findings }));
  } catch {
    // Then they are looked for again.
  }
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}
