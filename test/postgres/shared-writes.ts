import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { readSharedChanges, sharedWritesOf } from './setup.ts';

// Notes the files that ran while a catalog of a whole server was written: the end of the run names them.
const read = () => Promise.all(inject('servers').map(readSharedChanges)).then((counts) => JSON.stringify(counts));
let before: string;
beforeAll(async () => {
  before = await read();
});
afterAll(async () => {
  if ((await read()) !== before) appendFileSync(sharedWritesOf(inject('run')), `${relative(process.cwd(), expect.getState().testPath!)}\n`);
});
