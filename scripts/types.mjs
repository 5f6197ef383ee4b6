// Writes dist/types/index.d.ts: one file with the types of the library, which needs no other package's types.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateDtsBundle } from 'dts-bundle-generator';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What the types name of other packages, said without them. */
const stands = {
  "import { FactBase } from '@supabase/pg-delta';": '/** Facts as pg-delta holds them; only to be handed on. */\ntype FactBase = object;',
  "import { Writable } from 'node:stream';":
    '/** What a stream of Node can do that is written to. */\ninterface Writable {\n\twrite(chunk: string): boolean;\n\tend(): unknown;\n\ton(event: string, listener: (...values: any[]) => void): unknown;\n}',
};

const [bundle] = generateDtsBundle(
  [{ filePath: join(root, 'src/index.ts'), output: { noBanner: true, sortNodes: true, exportReferencedTypes: false } }],
  { preferredConfigPath: join(root, 'tsconfig.json') },
);
const text = Object.entries(stands).reduce((types, [line, stand]) => types.replace(line, () => stand), bundle);
const foreign = text.match(/^import .*$|^\/\/\/ <reference .*$/m);
if (foreign) throw new Error(`The library's types would need those of another package: ${foreign[0]}`);
rmSync(join(root, 'dist/types'), { recursive: true, force: true });
mkdirSync(join(root, 'dist/types'), { recursive: true });
writeFileSync(join(root, 'dist/types/index.d.ts'), text);
