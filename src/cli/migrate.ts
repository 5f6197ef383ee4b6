import { parseDuration, adviceLevels } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import type { KeepData } from '../kept/run.ts';
import { migrate } from '../commands/migrate.ts';
import { seconds } from '../commands/text.ts';
import { maskPassword } from '../target/mask-password.ts';
import { preferSession } from '../target/pooler.ts';
import { completeTls } from '../target/tls.ts';
import { settingsFromUrl } from '../target/url.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import type { CommonFlags, Outcome } from './command.ts';

export async function run(context: Context, words: string[], flags: CommonFlags): Promise<Outcome> {
  const result = await migrate(context, {
    files: words,
    includeAll: flags.includeAll === true,
    allowEdited: flags.allowEdited === true,
    allowUnproven: flags.allowUnproven === true,
    dryRun: flags.dryRun === true,
    ...(flags.resume === undefined ? {} : { resume: flags.resume as true | string }),
    ...(typeof flags.failOnAdvice === 'string'
      ? {
          failOnAdvice: oneOf(
            '--fail-on-advice',
            flags.failOnAdvice,
            ['none', ...adviceLevels] as const,
            'Leave it out to have findings shown only.',
          ),
        }
      : {}),
    ...(typeof flags.override === 'string' ? { override: flags.override } : {}),
    ...engineFlags(context, flags),
  });
  const lines = result.applied.map(
    ({ file, durationMs, snapshotBefore, tested }) =>
      `Applied ${file} in ${seconds(durationMs)}${tested ? `, smoke test passed (${tested.passed} checks)` : ''}. Way back: npx supasnap rollback ${snapshotBefore}`,
  );
  for (const { version, rollback, proven } of result.rehearsed) {
    lines.push(
      `Dry run of ${version}: nothing was changed. Its rollback is ${proven ? 'proven' : 'NOT proven'}:`,
      '',
      rollback ?? '(none)',
    );
  }
  if (lines.length === 0) lines.push(`Nothing to apply: ${result.target} is up to date.`);
  return { value: result, text: lines.join('\n') };
}

/** The flags that migrate and rollback share. */
export function engineFlags(
  context: Context,
  flags: CommonFlags,
): {
  lockWaitMs?: number;
  pgDump?: 'auto' | 'native' | 'bundled';
  keepData?: KeepData;
  failOnSecrets?: boolean;
  shadow?: ConnectionSettings;
} {
  const shadow = typeof flags.shadow === 'string' ? shadowSettings(context, flags.shadow) : undefined;
  if (shadow) maskPassword(context, shadow);
  return {
    ...(typeof flags.lockWait === 'string' ? { lockWaitMs: duration(flags.lockWait) } : {}),
    ...(typeof flags.pgDump === 'string' ? { pgDump: oneOf('--pg-dump', flags.pgDump, ['auto', 'native', 'bundled'] as const) } : {}),
    ...(typeof flags.keepData === 'string' ? { keepData: oneOf('--keep-data', flags.keepData, ['auto', 'always', 'never'] as const) } : {}),
    ...(flags.failOnSecrets === true ? { failOnSecrets: true } : {}),
    ...(shadow ? { shadow } : {}),
  };
}

/** Encrypted as the target is, and to a session. */
function shadowSettings({ sslRootCert, environment }: Context, url: string): ConnectionSettings {
  const settings = settingsFromUrl(url, '--shadow');
  return preferSession({ ...settings, tls: completeTls(settings.tls, sslRootCert, environment) });
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw usage('wrong_arguments', `--lock-wait takes a time such as 30s, not "${text}".`, {
      state: 'Nothing was changed.',
      next: 'Write it as 500ms, 30s or 2min.',
    });
  return ms;
}

function oneOf<T extends string>(flag: string, text: string, words: readonly T[], next = 'Leave it out to have the best one chosen.'): T {
  const found = words.find((word) => word === text);
  if (found) return found;
  throw usage('wrong_arguments', `${flag} takes ${words.join(', ')}, not "${text}".`, { state: 'Nothing was changed.', next });
}
