import type { Config } from './config/config.ts';

/** Where a command tells what it does while it does it; results are returned, not told. */
export interface Reporter {
  /** The first line: which database. */
  target: (line: string) => void;
  step: (text: string) => void;
  note: (text: string) => void;
  warn: (text: string) => void;
}

/** What the caller says of which database. */
export interface TargetFlags {
  /** --remote: a URL, a project's ref, or `linked` for the linked project. Its alias --db-url takes a URL. */
  remote?: string;
  embedded?: boolean;
  /** --env: an environment of supasnap.toml. */
  env?: string;
}

/** What every command gets from outside: settings, clock, environment, and a way to speak and to ask. */
export interface Context {
  config: Config;
  target: TargetFlags;
  environment: Record<string, string | undefined>;
  report: Reporter;
  now: () => Date;
  /** --yes: what would be asked is granted. */
  yes: boolean;
  /** Asks a person on a terminal; undefined where there is none. */
  ask?: (question: string) => Promise<string>;
  /** --ssl-root-cert: a file of certificates to trust, or `system`. */
  sslRootCert?: string;
  /** The same for a secret: what is typed is not shown. */
  askHidden?: (question: string) => Promise<string>;
  /** Names a text that must never be shown, such as a password. */
  secret: (text: string) => void;
}
