import { nearest } from './nearest.ts';
import { parseWindow, type DeploymentWindow } from './window.ts';

/** A database with a name: `[env.<name>]` of supabase/supasnap.toml. Either `ref` or `url` is set. */
export interface EnvironmentSettings {
  name: string;
  /** The project's ref on the hosted platform. */
  ref?: string;
  /** A URL without a password, or the variable that holds one. */
  url?: { variable: string } | { text: string };
  /** The variable that holds the password. */
  passwordVariable?: string;
  /** Its name has to be said before it is changed. */
  protected: boolean;
  /** Environments on which a migration must have been applied and tested before. */
  requires: string[];
  /** When migrations may be applied; at any time when there are none. */
  windows: DeploymentWindow[];
}

export const projectRef = /^[a-z]{20}$/;

const keys = ['ref', 'url', 'password', 'protected', 'requires', 'window'];
const example = '"Mon-Thu 02:00-04:00 UTC"';

/** Reads the table `env`; every mistake is told to `problem`. */
export function readEnvironments(value: unknown, problem: (text: string) => void): EnvironmentSettings[] {
  if (!isTable(value)) {
    problem('"env" must be tables, such as [env.staging].');
    return [];
  }
  const environments = Object.entries(value).flatMap(([name, table]) => readOne(name, table, problem) ?? []);
  checkTogether(environments, new Set(Object.keys(value)), problem);
  return environments;
}

function readOne(name: string, table: unknown, problem: (text: string) => void): EnvironmentSettings | undefined {
  const wrong = (key: string, expected: string) => problem(`"env.${name}.${key}" must be ${expected}.`);
  if (!isTable(table)) {
    problem(`"env.${name}" must be a table: [env.${name}]`);
    return undefined;
  }
  if (!/^[A-Za-z][\w-]*$/.test(name)) problem(`"env.${name}": a name begins with a letter and has letters, digits, - and _.`);
  for (const key of Object.keys(table)) {
    if (keys.includes(key)) continue;
    const near = nearest(key, keys);
    problem(`"env.${name}.${key}" is not a setting.${near ? ` Did you mean "${near}"?` : ` There are: ${keys.join(', ')}.`}`);
  }
  const environment: EnvironmentSettings = { name, protected: table.protected === true, requires: [], windows: [] };
  if (table.protected !== undefined && typeof table.protected !== 'boolean') wrong('protected', 'true or false');

  if (typeof table.ref === 'string' && projectRef.test(table.ref)) environment.ref = table.ref;
  else if (table.ref !== undefined) wrong('ref', "a project's ref, 20 lower-case letters");
  const url = readUrl(table.url);
  if (url) environment.url = url;
  else if (table.url !== undefined)
    wrong('url', `"env(${name.toUpperCase().replaceAll('-', '_')}_DB_URL)", or a postgresql:// URL without a password`);
  if ((table.ref === undefined) === (table.url === undefined)) problem(`"env.${name}" must have either ref or url.`);

  const password = variableIn(table.password);
  if (password !== undefined) environment.passwordVariable = password;
  else if (table.password !== undefined)
    wrong(
      'password',
      `the name of a variable, "env(${name.toUpperCase().replaceAll('-', '_')}_DB_PASSWORD)": no password belongs in this file`,
    );

  if (isTexts(table.requires)) environment.requires = table.requires;
  else if (table.requires !== undefined) wrong('requires', 'names of environments, such as ["staging"]');

  const windows = typeof table.window === 'string' ? [table.window] : (table.window ?? []);
  if (!isTexts(windows)) wrong('window', `a text such as ${example}, or a list of them`);
  else {
    for (const text of windows) {
      const window = parseWindow(text);
      if (window) environment.windows.push(window);
      else wrong('window', `days, hours and a time zone such as ${example} or "22:00-02:00 Europe/Berlin", not "${text}"`);
    }
  }
  return environment;
}

function checkTogether(environments: EnvironmentSettings[], names: Set<string>, problem: (text: string) => void): void {
  const refs = new Map<string, string>();
  for (const { name, ref, requires } of environments) {
    for (const required of requires) {
      if (required === name) problem(`"env.${name}.requires" names itself.`);
      else if (!names.has(required)) problem(`"env.${name}.requires" names "${required}", and there is no [env.${required}].`);
    }
    if (ref && refs.has(ref)) problem(`"env.${refs.get(ref)}" and "env.${name}" are the same project.`);
    if (ref) refs.set(ref, name);
  }
}

function readUrl(value: unknown): EnvironmentSettings['url'] {
  if (typeof value !== 'string') return undefined;
  const variable = variableIn(value);
  if (variable !== undefined) return { variable };
  return /^postgres(ql)?:\/\/[^\s:@/]*(@|[^\s@]*$)/.test(value) && !/[?&]password=/.test(value) ? { text: value } : undefined;
}

/** "env(NAME)", as the CLI's config.toml writes it. */
const variableIn = (value: unknown): string | undefined =>
  typeof value === 'string' ? /^env\(\s*([A-Za-z_]\w*)\s*\)$/.exec(value)?.[1] : undefined;

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
