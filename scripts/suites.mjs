// Runs the long suites and records when and on which commit each last passed: `npm run suites -- crash race`, or `all`.
//   --side-by-side <n>   in n parts at once, each with servers of its own
//   --part <i>/<n>       that part alone; with --out, as one part says nothing yet
//   --out <file>         writes the results there instead of into the record
//   --merge <file …>     records results that --out wrote, also in a clone elsewhere
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addResults, readOutput, suites, writeInto } from './suites-record.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const recordFile = join(root, 'docs', 'suites.json');
const page = join(root, 'docs', 'RELIABILITY.md');
const written = ['docs/suites.json', 'docs/RELIABILITY.md'];
const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'side-by-side': { type: 'string', default: '1' },
    part: { type: 'string' },
    out: { type: 'string' },
    merge: { type: 'boolean', default: false },
  },
});
async function runAll() {
  const names = positionals.length === 1 && positionals[0] === 'all' ? Object.keys(suites) : positionals;
  const unknown = names.filter((name) => !(name in suites));
  if (names.length === 0 || unknown.length > 0)
    fail(`${unknown.length > 0 ? `There is no suite ${unknown.join(', ')}` : 'Name suites'}: ${Object.keys(suites).join(', ')}, or all.`);
  if (values.part && !/^[1-9]\d*\/[1-9]\d*$/.test(values.part)) fail('--part is <i>/<n>.');
  if (values.part && !values.out) fail('A part alone is not recorded: give --out <file>, and --merge the files of all parts.');
  if (values.part && names.some((name) => !suites[name].parts)) fail('fuzz has no parts.');
  refuseDirty();
  const commit = git('rev-parse', 'HEAD');
  const results = [];
  for (const name of names) {
    const parts = values.part ? [values.part] : partsOf(name, Number(values['side-by-side']));
    results.push(...(await Promise.all(parts.map((part) => runPart(name, part, commit)))));
    refuseDirty();
    if (git('rev-parse', 'HEAD') !== commit) fail('HEAD moved while the suite ran: nothing is recorded.');
    save(results.splice(0));
  }
}

const partsOf = (name, count) => (suites[name].parts ? Array.from({ length: count }, (_, index) => `${index + 1}/${count}`) : ['1/1']);

/** What ran must be what the commit holds; only what this script writes may differ. */
function refuseDirty() {
  const changed = git('status', '--porcelain', '--untracked-files=all')
    .split('\n')
    .filter((line) => line && !written.includes(line.slice(2).trim()));
  if (changed.length > 0) fail(`What runs is not what the commit holds:\n${changed.join('\n')}`);
}

async function runPart(suite, part, commit) {
  const began = performance.now();
  const [, count] = part.split('/');
  const words = ['run', `test:${suite}`, ...(count !== '1' && suites[suite].parts === 'files' ? ['--', `--shard=${part}`] : [])];
  const { SUPASNAP_PART: _, ...rest } = process.env;
  const env = count !== '1' && suites[suite].parts === 'cases' ? { ...rest, SUPASNAP_PART: part } : rest;
  // A seed that was played again in this shell must not stand for the suite.
  for (const name of Object.keys(env)) if (/^SUPASNAP_\w+_SEED$/.test(name)) delete env[name];
  const { code, output } = await run(words, env, count === '1' ? '' : `${suite} ${part}: `);
  const { tests, figures, failures } = readOutput(suite, output);
  const passed = code === 0 && tests !== undefined && tests.failed === 0 && tests.passed > 0;
  return {
    suite,
    part,
    commit,
    outcome: passed ? 'passed' : 'failed',
    date: new Date().toISOString(),
    minutes: Math.round((performance.now() - began) / 6000) / 10,
    tests: tests ?? { passed: 0, failed: 1, skipped: 0 },
    figures,
    failures,
  };
}

function run(words, env, prefix) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        process.stdout.write(prefix ? text.replaceAll(/^(?=.)/gm, prefix) : text);
      });
    }
    child.on('error', reject).on('close', (code) => resolve({ code, output }));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  });
}

function save(results) {
  if (values.out) {
    const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')) : [];
    writeFileSync(values.out, `${JSON.stringify([...before, ...results], undefined, 2)}\n`);
  } else {
    const { record, recorded, missing } = addResults(JSON.parse(readFileSync(recordFile, 'utf8')), results);
    writeFileSync(recordFile, `${JSON.stringify(record, undefined, 2)}\n`);
    writeFileSync(page, writeInto(readFileSync(page, 'utf8'), record));
    for (const line of recorded) console.log(`Recorded: ${line}`);
    for (const line of missing) console.error(`Not recorded, not all parts are there: ${line}`);
    if (missing.length > 0) process.exitCode = 1;
  }
  if (results.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (values.merge) save(positionals.flatMap((file) => JSON.parse(readFileSync(file, 'utf8'))));
else await runAll();
