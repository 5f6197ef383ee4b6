import type { Context } from '../context.ts';
import { refused } from '../errors.ts';
import { findSecrets, newSecrets, secretLines, type Secret } from '../snapshot/secrets.ts';
import type { State } from '../snapshot/state.ts';
import type { TargetSession } from '../target/session.ts';
import { loadSnapshot, type StoredSnapshot } from '../snapshot/store.ts';
import type { Present } from '../snapshot/take.ts';
import { count } from './text.ts';

/** --fail-on-secrets, or the setting. */
export interface SecretOptions {
  failOnSecrets?: boolean;
}

/**
 * Names what looks like a secret in the snapshot that is to be taken of the present; what the last snapshot held already, in one line. Where secrets are
 * to stop the run, throws a Problem, also for those in `coming`: what the snapshot after would hold.
 */
export async function passSecrets(
  context: Context,
  { client, target }: TargetSession,
  options: SecretOptions,
  { state, last, known }: Pick<Present, 'state' | 'last'> & { known: StoredSnapshot[] },
  coming: Secret[],
): Promise<void> {
  const secrets = findSecrets(state);
  if (options.failOnSecrets ?? context.config.settings.failOnSecrets) refuseSecrets([...secrets, ...coming], target.name);
  if (secrets.length === 0) return;
  const told = known.some(({ manifest }) => manifest.sha256 === state.sha256)
    ? secrets
    : last
      ? findSecrets(await loadSnapshot(client, context.config.folders.snapshots, last))
      : [];
  const fresh = newSecrets(secrets, told);
  tellSecrets(context, fresh);
  const old = secretLines(secrets).length - secretLines(fresh).length;
  if (last && old > 0)
    context.report.note(
      `${count(old, 'object')} in the snapshot ${old === 1 ? 'holds' : 'hold'} what looks like a secret, as in the last one.`,
    );
}

/** Names what the snapshot after holds and the one before did not. */
export const tellNewSecrets = (context: Context, before: State, after: State): void => {
  const secrets = findSecrets(after);
  if (secrets.length > 0) tellSecrets(context, newSecrets(secrets, findSecrets(before)));
};

function tellSecrets({ report }: Context, secrets: Secret[]): void {
  if (secrets.length === 0) return;
  report.warn(
    `What looks like a secret is in the snapshot, in plain text:\n${secretLines(secrets)
      .map((line) => `  ${line}`)
      .join('\n')}\n  ${remedy}`,
  );
}

const remedy =
  'Whoever reads the snapshot (or the repository it is in) can use it. Put it into Vault, let the definition read vault.decrypted_secrets, and replace the old one where it came from.';

function refuseSecrets(secrets: Secret[], target: string): void {
  if (secrets.length === 0) return;
  throw refused(
    'secret_found',
    `The snapshot would hold what looks like ${secrets.length === 1 ? 'a secret' : 'secrets'}, in plain text.`,
    {
      detail: secretLines(secrets),
      state: `No snapshot was written, and nothing was changed on ${target}.`,
      next: 'Put it into Vault and let the definition read vault.decrypted_secrets. Or, if it is none: run the same command without --fail-on-secrets (fail_on_secrets in supabase/supasnap.toml).',
    },
  );
}
