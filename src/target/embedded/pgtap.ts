import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseTar } from 'nanotar';

/** Where the package with the extension pgTAP is, and its version; undefined when it is not installed. */
export const findPgtap = (): { folder: string; version: string } | undefined => {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite-pgtap'));
    return { folder, version: JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')).version };
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
};

/** What CREATE EXTENSION pgtap reads. It is SQL alone, and so fits every major version. */
export const pgtapFiles = (folder: string): { name: string; text: string }[] => {
  const packed = parseTar(gunzipSync(readFileSync(join(folder, 'pgtap.tar.gz'))));
  const textOf = (name: string) => {
    const file = packed.find((each) => each.name === `share/postgresql/extension/${name}`);
    if (!file) throw new Error(`${folder}/pgtap.tar.gz holds no ${name}.`);
    return file.text;
  };
  const control = textOf('pgtap.control');
  const script = `pgtap--${/default_version = '([\d.]+)'/.exec(control)?.[1]}.sql`;
  return [
    { name: 'pgtap.control', text: control },
    { name: script, text: textOf(script) },
  ];
};
