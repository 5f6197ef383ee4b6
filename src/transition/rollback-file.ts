import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readSql } from '../migration/read.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { quoteText } from '../sql-names.ts';
import { returnPoint } from '../planner/arrange.ts';
import type { RowParts } from '../kept/by-hand.ts';
import { arrangedStatements, planSettings, type TransitionPlan } from '../planner/plan.ts';
import type { Proof } from './proof.ts';

/** What stands between these is for whoever runs the file by hand; `supasnap rollback` does it itself. */
export const rowsBegin = '-- supasnap: rows, when this file is run by hand';
export const rowsEnd = '-- supasnap: end of rows';

export interface RollbackHeader {
  /** The migration's file name. */
  migration: string;
  version: string;
  /** sha256 of the dumps on both sides, as hex. */
  before: string;
  proof: Proof;
  /** What becomes of rows when someone runs the file by hand, in a sentence. */
  rows: string | undefined;
  cannotBringBack: string[];
}

const addsLabel = /^(ALTER TYPE .*? ADD VALUE) (?!IF NOT EXISTS )/;

/**
 * The body of a generated rollback: one transaction that any client can run. With `rows`, labels that return are added in one before it, but
 * not where all of it is to be tried in a transaction that is open (`alone`).
 */
export function renderRollbackBody(version: string, plan: TransitionPlan, rows?: RowParts & { alone?: boolean }): string {
  const { early, late } = arrangedStatements(plan);
  const again = (sql: string) => sql.replace(addsLabel, '$1 IF NOT EXISTS ');
  const labels = rows?.alone ? [] : [...early, ...late].filter((sql) => rows && addsLabel.test(sql)).map(again);
  const lines = (statements: string[]) => statements.map((sql) => `${sql};\n`).join('');
  const section = (text: string | undefined) => (text ? `\n${rowsBegin}\n${text}${rowsEnd}\n` : '');
  return [
    ...(labels.length > 0
      ? [section(`-- Labels first: rows can use them only after COMMIT.\nBEGIN;\n${lines(labels)}COMMIT;\n`).trimStart()]
      : []),
    'BEGIN;',
    section(rows?.first),
    lines([...planSettings(plan), ...early.map(again)]),
    returnPoint,
    section(rows?.back),
    lines(late.map(again)),
    `DELETE FROM supabase_migrations.schema_migrations WHERE version = ${quoteText(version)};`,
    section(rows?.record),
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
    ...(header.rows ? [`-- Rows: ${header.rows}`] : []),
    ...(header.cannotBringBack.length > 0
      ? ['-- It does not bring back:', ...header.cannotBringBack.map((what) => `--   ${what.replace(/\s*\n\s*/g, ' ')}`)]
      : []),
    '-- Edit this file and it is yours: it is then never overwritten, and rehearsed and proven as it stands.',
    '',
    body,
  ];
  return lines.join('\n');
}

export const describeProof = (proof: Proof): string =>
  proof.proven
    ? `migrated and rolled back on ${proof.shadow}; equal before and after by ${proof.by.join(' and by ')}.`
    : `NOT PROVEN on ${proof.shadow}: ${proof.reason}`;

/** A rollback written or edited by hand; undefined when there is none. */
export async function readHandWritten(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const text = await readSql(path);
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
