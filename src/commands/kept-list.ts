import type { Context } from '../context.ts';
import { readCopies, type KeptCopy } from '../kept/copies.ts';
import { readOnly } from '../kept/read-only.ts';
import { withTarget } from '../target/session.ts';

export interface KeptList {
  target: string;
  /** Newest last. */
  copies: KeptCopy[];
  /** Whether the target has a history of ours. */
  ours: boolean;
}

/** What migrates and rollbacks kept in the target. Nothing is made there by looking. */
export function listKept(context: Context): Promise<KeptList> {
  return withTarget(
    context,
    async ({ client, target }) => {
      const copies = await readOnly(client, context.config.settings.lockTimeoutMs, () => readCopies(client));
      return { target: target.name, copies: copies ?? [], ours: copies !== undefined };
    },
    'read',
  );
}
