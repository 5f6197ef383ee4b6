import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/migration/', import.meta.url);
const files = readdirSync(folder).filter((file) => !['read.ts', 'choose.ts'].includes(file) && !file.startsWith('history'));

test.each([...files, '../sql-error.ts', '../render-problem.ts'])('%s touches neither files, network nor database', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  expect(text).not.toMatch(/from '(?:node:|pg'|execa')/);
});
