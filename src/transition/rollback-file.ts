import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../snapshot/atomic-file.ts';
import { quoteText } from '../sql-names.ts';
import { planText, type TransitionPlan } from './plan.ts';
import type { Proof } from './proof.ts';

export interface RollbackHeader {
  /** The migration's file name. */
  migration: string;
  version: string;
  /** sha256 of the dumps on both sides, as hex. */
  before: string;
  proof: Proof;
  keepsRows: boolean;
  cannotBringBack: string[];
}

/** The body of a generated rollback: one transaction that any client can run. */
export function renderRollbackBody(version: string, plan: TransitionPlan): string {
  return [
    'BEGIN;',
    planText(plan),
    `DELETE FROM supabase_migrations.schema_migrations WHERE version = ${quoteText(version)};`,
    'COMMIT;',
    '',
  ].join('\n');
}

/** The whole file. Its second line lets a later run tell whether anyone edited it. */
export function renderRollbackFile(body: string, header: RollbackHeader): string {
  const lines = [
    `-- Rollback of ${header.migration}`,
    `-- supasnap generated ${digest(body)}`,
    `-- From: the state after ${header.migration}`,
    `-- To:   the state before it (snapshot sha256 ${header.before.slice(0, 16)})`,
    `-- Proof: ${describeProof(header.proof)}`,
    ...(header.keepsRows ? ['-- Rows: "npx supasnap rollback" puts back what the migration destroyed and keeps what this removes. Run by hand, this file restores the schema alone.'] : []),
    ...(header.cannotBringBack.length > 0 ? ['-- It does not bring back:', ...header.cannotBringBack.map((what) => `--   ${what.replace(/\s*\n\s*/g, ' ')}`)] : []),
    '-- Edit this file and it is yours: it is then never overwritten, and rehearsed and proven as it stands.',
    '',
  ];
  return lines.join('\n') + body;
}

export const describeProof = (proof: Proof): string =>
  proof.proven
    ? `migrated and rolled back on ${proof.shadow}; equal before and after by ${proof.by.join(' and by ')}.`
    : `NOT PROVEN on ${proof.shadow}: ${proof.reason}`;

/** A rollback written or edited by hand; undefined when there is none. */
export async function readHandWritten(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const text = await readFile(path, 'utf8');
  return isGenerated(text) ? undefined : text;
}

/** Writes the generated file, unless one that was written or edited by hand is there. */
export async function writeRollbackFile(path: string, text: string): Promise<void> {
  if ((await readHandWritten(path)) !== undefined) return;
  await writeFileAtomic(path, text, { replace: true });
}

export function isGenerated(text: string): boolean {
  const mark = /^-- supasnap generated ([0-9a-f]{64})$/m.exec(text.replaceAll('\r\n', '\n'));
  if (!mark) return false;
  const body = text.replaceAll('\r\n', '\n').replace(/^(--.*\n)+\n?/, '');
  return digest(body) === mark[1];
}

const digest = (body: string) => createHash('sha256').update(body).digest('hex');
