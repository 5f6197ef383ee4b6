import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** The folders of src/ and the files directly in it, highest first: each may import from those below it, types too. */
const order = [
  'cli/',
  'index.ts',
  'commands/',
  'report/',
  'adopt/',
  'transition/',
  'advice/',
  'shadow/',
  'platform-rows/',
  'kept/',
  'planner/',
  'smoke/',
  'snapshot/',
  'history/',
  'migration/',
  'atomic-file.ts',
  'target/',
  'context.ts',
  'config/',
  'project.ts',
  'render-problem.ts',
  'sql-error.ts',
  'errors.ts',
  'error-codes.ts',
  'sql-names.ts',
  'version.ts',
];

/** One import of a file of src/ by another; paths below src/. */
interface Arrow {
  from: string;
  line: number;
  to: string;
  text: string;
}

/** Every import that a file makes of other files here: of values and of types, exports from elsewhere, `import()` as a call and as a type. */
function arrowsOf(file: string, source: string): Arrow[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const arrows: Arrow[] = [];
  const visit = (node: ts.Node): void => {
    const imported = importedBy(node);
    if (imported && !ts.isStringLiteralLike(imported))
      throw new Error(`src/${file}: what this imports is not written out: ${node.getText()}`);
    if (imported && ts.isStringLiteralLike(imported) && imported.text.startsWith('.')) {
      const { line } = parsed.getLineAndCharacterOfPosition(node.getStart());
      const to = posix.join(posix.dirname(file), imported.text);
      arrows.push({ from: file, line: line + 1, to, text: node.getText().replace(/\s+/g, ' ') });
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return arrows;
}

function importedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isExternalModuleReference(node)) return node.expression;
  return undefined;
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : path);

/** Imports that do not lead from a room to one below it. With one order for all of them there can be no circle between rooms. */
const upward = (arrows: Arrow[]): string[] =>
  arrows
    .filter(({ from, to }) => roomOf(from) !== roomOf(to) && order.indexOf(roomOf(from)) >= order.indexOf(roomOf(to)))
    .map(({ from, line, text }) => `src/${from}:${line}: ${text}`);

const src = new URL('../../src/', import.meta.url);
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.[cm]?[jt]s$/.test(file));
const arrows = files.flatMap((file) => arrowsOf(file, readFileSync(new URL(file, src), 'utf8')));

test('every folder and file of src/ has its place in the order', () => {
  expect([...new Set(files.map(roomOf))].sort()).toEqual([...order].sort());
});

test('imports of src/ lead from a room to one below it', () => {
  expect(arrows.filter(({ to }) => !files.includes(to))).toEqual([]);
  expect(upward(arrows)).toEqual([]);
});

test('docs/ARCHITECTURE.md draws the same order', () => {
  const text = readFileSync(new URL('../../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
  const drawn = /^### Which room may import from which\n[^#]*?```\n([^`]*)```/m.exec(text)?.[1];
  expect(drawn?.split(/[\s→]+/).filter(Boolean)).toEqual(order);
});

test.each([
  ["import { migrate } from '../commands/migrate.ts';"],
  ["import '../commands/migrate.ts';"],
  ["import * as all from '../commands/migrate.ts';"],
  ["import type { Result } from '../commands/migrate.ts';"],
  ["import { type Result } from '../commands/migrate.ts';"],
  ["export { migrate } from '../commands/migrate.ts';"],
  ["export * from '../commands/migrate.ts';"],
  ["export type { Result } from '../commands/migrate.ts';"],
  ["import old = require('../commands/migrate.ts');"],
  ["const { migrate } = await import('../commands/migrate.ts');"],
  ["let result: import('../commands/migrate.ts').Result;"],
  ["let all: typeof import('../commands/migrate.ts');"],
])('%s is seen as an arrow', (source) => {
  const upThere = arrowsOf('target/target.ts', `\n${source}`);
  expect(upThere.map(({ line, to }) => ({ line, to }))).toEqual([{ line: 2, to: 'commands/migrate.ts' }]);
  expect(upward(upThere)).toHaveLength(1);
  expect(upward(upThere)[0]).toMatch(/^src\/target\/target\.ts:2: .*commands\/migrate\.ts/);
  expect(upward(arrowsOf('cli/migrate.ts', source))).toEqual([]);
});

test('an import whose file is not written out is refused', () => {
  expect(() => arrowsOf('target/target.ts', 'await import(name);')).toThrow('src/target/target.ts');
});
