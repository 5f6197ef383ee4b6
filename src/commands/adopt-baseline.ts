import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { refused, usage } from '../errors.ts';
import { parseMigrationName, type MigrationName } from '../migration/file-name.ts';
import { migrationFromText } from '../history/from-text.ts';
import { newMigration } from '../migration/new.ts';
import { listMigrations } from '../migration/read.ts';
import { readProvenance } from '../project.ts';
import { groundOf, isProject, onGround } from '../shadow/ground.ts';
import { captureState } from '../snapshot/state.ts';
import { makeBaseline, type Baseline } from '../transition/baseline.ts';
import type { AdoptResult, Adopting } from './adopt.ts';
import { baselineMark, provenBy, recordBaseline, renderBaseline } from './adopt-record.ts';
import { knowingWhatCameOfIt } from './certainty.ts';
import { confirmPlainly } from './confirm.ts';
import { journalled } from './cut-off.ts';
import { below, captureOptions } from './present.ts';
import { updateReport } from './report-history.ts';
import { count } from './text.ts';

/** A database without history: its baseline is written, proven, and recorded as applied. */
export async function adoptBaseline(adopting: Adopting): Promise<AdoptResult> {
  const { context, session, options, useShadow, fresh } = adopting;
  const { config, report } = context;
  const { client, target, server } = session;
  const leftovers = await localFiles(adopting);
  const name = baselineName(adopting);
  const capture = captureOptions(context, session, options);
  report.step('Reading what is there …');
  const present = await captureState(client, target.settings, capture);
  const project = isProject(present.facts);
  const ground = groundOf(await fresh(project ? 'platform' : 'plain'), present);
  report.step(`Proving that the baseline makes the same of a fresh ${project ? 'project' : 'database'} …`);
  const baseline = await onGround(useShadow, ground, present, (shadow) =>
    makeBaseline(shadow, { present, ground, timeouts: config.settings, pgDump: capture.pgDump, serverVersionNum: server.versionNum }),
  );
  if (baseline.text === '' && baseline.proof.proven) {
    report.step(
      `${target.name} holds nothing that a fresh ${project ? 'project' : 'database'} does not hold: it needs no baseline. Begin with: npx supasnap new v0.1.0 first`,
    );
    return { target: target.name, changed: false, rebuilt: [] };
  }
  const path = join(config.folders.migrations, name.fileName);
  const text = renderBaseline({ name, baseline, project, database: target.settings.database, serverVersion: server.version });
  show(adopting, baseline, below(context, path), present.facts.notModelled);
  const result: AdoptResult = {
    target: target.name,
    changed: false,
    baseline: { file: below(context, path), text, proven: baseline.proof.proven },
    rebuilt: [],
  };
  if (options.dryRun) return result;
  if (!baseline.proof.proven && !options.allowUnproven) throw notProven(baseline, target.name);
  const provenance = await readProvenance(config.workdir);
  const snapshot = await journalled(
    context,
    session,
    { kind: 'migrate', what: below(context, path), version: name.version },
    async (journal) => {
      await journal.phase('rehearsed');
      await confirmPlainly(context, target, `Record ${name.fileName} as the baseline of ${target.name}?`);
      return knowingWhatCameOfIt(session, 'The baseline', async () => {
        const id = await recordBaseline(adopting, {
          migration: await migrationFromText(name.fileName, text),
          path,
          baseline,
          present,
          ground,
          provenance,
          journal,
        });
        for (const leftover of leftovers) if (leftover !== path) await rm(leftover, { force: true });
        await updateReport(context, session);
        return id;
      });
    },
  );
  report.step(`Snapshot ${snapshot} (${below(context, join(config.folders.snapshots, `${snapshot}.sql`))})`);
  report.step(`History: ${below(context, join(config.folders.docs, 'MIGRATIONS.md'))}`);
  return { ...result, changed: true, snapshot };
}

/** Files that history does not know can't be told from what made the database; a baseline that an interrupted run left can. Gives those. */
async function localFiles({ context: { config }, session }: Adopting): Promise<string[]> {
  if (!existsSync(config.folders.migrations)) return [];
  const { migrations } = await listMigrations(config.folders.migrations);
  const marked = await Promise.all(migrations.map(async ({ path }) => (await readFile(path, 'utf8')).includes(baselineMark)));
  const others = migrations.filter((_, index) => !marked[index]).map(({ name }) => name);
  if (others.length === 0) return migrations.map(({ path }) => path);
  throw refused(
    'not_applied',
    `${count(others.length, 'migration')} of this folder ${others.length === 1 ? 'is' : 'are'} in no history of ${session.target.name}: a baseline beside ${others.length === 1 ? 'it' : 'them'} could hold the same things twice.`,
    {
      detail: others.slice(0, 10).map(({ fileName }) => fileName),
      state: 'Nothing was changed.',
      next: `Where they made this database: npx supasnap repair --applied ${others
        .slice(0, 20)
        .map(({ version }) => version)
        .join(
          ' ',
        )}, then npx supasnap adopt, which checks that. Where they are still to come: move them away, adopt, and bring them back with newer timestamps.`,
    },
  );
}

function baselineName({ context, options }: Adopting): MigrationName {
  const release = options.version ?? 'v0.1.0';
  if (!/^v?\d+\.\d+\.\d+$/.test(release))
    throw usage('wrong_arguments', `"${release}" is not a version.`, {
      state: 'Nothing was changed.',
      next: 'Write all three numbers: npx supasnap adopt v1.0.0',
    });
  const { fileName } = newMigration({ release, description: options.description ?? 'baseline', now: context.now() });
  return parseMigrationName(fileName, { requireVersion: context.config.settings.requireVersion });
}

function show({ context: { report } }: Adopting, baseline: Baseline, file: string, notModelled: string[]): void {
  const { text, entries, roles, proof } = baseline;
  const most = entries.filter(({ type }) => type !== 'ACL' && type !== 'COMMENT').sort((a, b) => b.count - a.count);
  const made = most.map(({ type, count: number }) => count(number, type.toLowerCase(), plural(type.toLowerCase())));
  report.step(`Baseline: ${file} (${text.split('\n').length} lines): ${made.length > 0 ? made.join(', ') : 'grants and settings'}`);
  if (roles.length > 0)
    report.warn(
      `It makes ${roles.length === 1 ? 'role' : 'roles'} ${roles.join(', ')} without password: no catalog that may be read holds it.`,
    );
  report.note('It holds the schema alone: no rows, and so no storage buckets and no cron jobs.');
  for (const kind of notModelled) report.note(`Judged by pg_dump alone: ${kind}`);
  if (proof.proven) report.step(`Proven ${provenBy(baseline)}: run on a fresh database it makes the same.`);
  else report.warn(`Not proven on ${proof.shadow}: ${proof.reason}.`);
}

const plural = (word: string) =>
  word.endsWith('y') ? `${word.slice(0, -1)}ies` : word.endsWith('x') || word.endsWith('s') ? `${word}es` : `${word}s`;

const notProven = ({ proof }: Baseline, target: string) =>
  refused('not_proven', `The baseline could not be proven to make the same as ${target}: ${proof.reason}.`, {
    detail: proof.differences.slice(0, 20),
    state: `Nothing was changed on ${target}, and no file was written.`,
    next: 'See the whole of it with --dry-run. To begin with a baseline that makes something else on a fresh project: --allow-unproven',
  });
