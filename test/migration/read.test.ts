import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { listMigrations, type Migration, readMigration } from '../../src/migration/read.ts';
import { asNobody } from '../nobody.ts';
import { loadSmokeTest } from '../../src/smoke/load-test.ts';
import { readHandWritten } from '../../src/transition/rollback-file.ts';
import { planExecution } from '../../src/migration/transaction.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fileName = '20251026211500_v0_7_0_baseline.sql';
const write = async (content: string | Uint8Array, name = fileName) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};
const refusal = async (path: string): Promise<Problem> => {
  const problem = await readMigration(path, 'a.sql').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  return problem as Problem;
};

describe('readMigration', () => {
  test('a file with byte order mark and CRLF is read, and its sha256 is that of its bytes', async () => {
    const content = '\ufeff-- first\r\nselect 1;\r\nselect 2;\r\n';
    const migration = await readMigration(await write(content));
    expect(migration.text).toBe(content.slice(1));
    expect(migration.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect(migration.statements.map(({ line }) => line)).toEqual([2, 3]);
    expect(migration.history).toEqual(['-- first\r\nselect 1', 'select 2']);
    expect(migration.name.release).toBe('v0.7.0');
    expect(migration.notes).toEqual([]);
  });

  test('an empty file is valid and says so', async () => {
    for (const content of ['', '\ufeff', '\n-- only words\n']) {
      const migration = await readMigration(await write(content));
      expect(migration.statements).toEqual([]);
      expect(migration.notes).toEqual(['The file holds no statements; only its version is recorded.']);
    }
  });

  test('UTF-16, with and without its mark, is refused by name', async () => {
    const text = Buffer.from('select 1;\n', 'utf16le');
    expect(await refusal(await write(text))).toMatchObject({ code: 'bad_sql', message: expect.stringContaining('UTF-16') });
    expect(await refusal(await write(Buffer.concat([Buffer.from([0xff, 0xfe]), text])))).toMatchObject({
      code: 'bad_sql',
      message: expect.stringContaining('UTF-16'),
    });
  });

  test('a NUL byte is refused with its line', async () => {
    const problem = await refusal(await write("select 1;\nselect 'a\0b';\n"));
    expect(problem).toMatchObject({ code: 'bad_sql', message: expect.stringMatching(/^a\.sql .*byte 19$/) });
    expect(problem.place).toMatchObject({ line: 2, column: 10 });
  });

  test.each([
    ['Latin-1 within a word', Buffer.from("select 1;\nselect 'né'", 'latin1'), 19, 2],
    ['a lone continuation byte', Buffer.from([0x61, 0x0a, 0xc3, 0xa9, 0x80, 0x62]), 4, 2],
    ['a character cut off by the end', Buffer.from([0x61, 0xe2, 0x82]), 1, 1],
    ['an impossible byte first', Buffer.from([0xff, 0x61]), 0, 1],
  ])('%s is refused with byte and line', async (_, bytes, offset, line) => {
    const problem = await refusal(await write(bytes));
    expect(problem).toMatchObject({ code: 'bad_sql', message: expect.stringMatching(`^a\\.sql .*UTF-8.* ${offset}$`) });
    expect(problem.place?.line).toBe(line);
  });

  test('a missing file, a folder and a symbolic link to itself are named', async () => {
    const missing = { code: 'file_missing', message: expect.stringMatching(/^a\.sql /) };
    expect(await refusal(join(folder, '1_missing.sql'))).toMatchObject(missing);
    await mkdir(join(folder, '1_folder.sql'));
    expect(await refusal(join(folder, '1_folder.sql'))).toMatchObject(missing);
    await symlink('1_loop.sql', join(folder, '1_loop.sql'));
    expect((await refusal(join(folder, '1_loop.sql'))).message).toContain('leads back to itself');
    expect((await refusal(join(folder, fileName, '1_x.sql'))).message).toContain('not a folder');
    expect(await refusal(join(folder, 'notes.sql'))).toMatchObject({
      code: 'bad_file_name',
      message: expect.stringContaining('notes.sql'),
    });
  });

  test('a file and a folder that may not be read are named', async () => {
    await chmod(folder, 0o755);
    const path = await write('select 1;', '1_closed.sql');
    await chmod(path, 0o000);
    expect(await asNobody(() => refusal(path))).toMatchObject({
      code: 'file_missing',
      message: expect.stringMatching(/^a\.sql .*this user$/),
    });
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o000 });
    const problem = (await asNobody(() => listMigrations(closed).catch((error: unknown) => error))) as Problem;
    expect(problem).toMatchObject({ exitCode: 2, code: 'file_missing', message: expect.stringContaining(closed) });
  });

  test('rollbacks written by hand and smoke tests are read the same way', async () => {
    const path = await write('\ufeffselect 1;', 'x_rollback.sql');
    expect(await readHandWritten(path)).toBe('select 1;');
    await writeFile(path, Buffer.from('select 1;\n', 'utf16le'));
    await expect(readHandWritten(path)).rejects.toMatchObject({
      code: 'bad_sql',
      message: expect.stringMatching(/^\S*x_rollback\.sql .*UTF-16/),
    });
    await writeFile(join(folder, 'v0.7.0_smoke_test.sql'), Buffer.from('select 1;\n\x80', 'latin1'));
    await expect(loadSmokeTest(folder, folder, 'v0.7.0')).rejects.toMatchObject({
      exitCode: 1,
      code: 'bad_sql',
      place: { file: 'v0.7.0_smoke_test.sql', line: 2 },
    });
  });

  test('a file over 50 MB is refused before it is read', async () => {
    const path = await write('', '1_large.sql');
    await truncate(path, 60_000_000);
    expect(await refusal(path)).toMatchObject({ code: 'file_too_large', message: expect.stringContaining('60 MB') });
    await rm(path);
  });

  test('an unknown key in the header is refused with its column', async () => {
    const problem = await refusal(await write('-- note\n-- supasnap: transaction=off lock=5s\nselect 1;'));
    expect(problem.place).toMatchObject({ line: 2, column: 30 });
    const good = await readMigration(await write('/* c */ -- x\n-- supasnap: lock_timeout=500ms\nselect 1;'));
    expect(good.header).toEqual({ lockTimeout: '500ms' });
  });
});

describe('files that a migration includes', () => {
  const project = async (files: Record<string, string>) => {
    const at = await mkdtemp(join(folder, 'project-'));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(at, name)), { recursive: true });
      await writeFile(join(at, name), text);
    }
    return { at, read: () => readMigration(join(at, 'migrations', fileName), `migrations/${fileName}`, at) };
  };
  const main = `migrations/${fileName}`;
  const problemOf = async (files: Record<string, string>) => {
    const problem = await (await project(files)).read().catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    return problem as Problem;
  };

  test('stand where they are included, each statement with its own file and line', async () => {
    const { at, read } = await project({
      [main]: "create table a ();\n\\i parts/b.sql\n\\ir '../parts/it''s.sql' ;\ncreate table e ()",
      'parts/b.sql': '\ufeff-- b\ncreate table b ();\r\n\\ir c.sql\ncreate table d () -- no semicolon',
      'parts/c.sql': 'copy a from stdin;\n\\i nowhere\n\\.\n',
      "parts/it's.sql": '-- only words',
    });
    const migration = await read();
    expect(migration.statements.map(({ text, where }) => [text, where])).toEqual([
      ['create table a ()', 'line 1'],
      ['-- b\ncreate table b ()', 'line 2 of parts/b.sql'],
      ['copy a from stdin;\n\\i nowhere\n\\.', 'line 1 of parts/c.sql'],
      ['create table d () -- no semicolon', 'line 4 of parts/b.sql'],
      ['create table e ()', 'line 4'],
    ]);
    expect(migration.history.filter((text) => text !== '-- only words')).toEqual(migration.statements.map(({ text }) => text));
    expect(migration.notes.join()).toContain("includes parts/b.sql, parts/c.sql, parts/it's.sql");
    await writeFile(join(at, 'parts/c.sql'), 'copy a from stdin;\n\\i elsewhere\n\\.\n');
    expect((await read()).sha256).not.toBe(migration.sha256);
  });

  test('a mistake in one of them is shown in its own line, and one in the including file in that', async () => {
    const inner = await problemOf({ [main]: 'select 1;\n\\i b.sql\n', 'b.sql': '\n\nselect 2;\n  creat table x ();\n' });
    expect(inner.place).toEqual({ file: 'b.sql', line: 4, column: 3, text: '  creat table x ();' });
    const outer = await problemOf({ [main]: 'select 1;\n\\i b.sql\n\n  creat table x ();', 'b.sql': 'select 2;\n\n\n\n\n' });
    expect(outer.place).toEqual({ file: main, line: 4, column: 3, text: '  creat table x ();' });
    const cutOff = await problemOf({ [main]: "\\i b.sql\nselect 'z';", 'b.sql': "select 1;\nselect 'x" });
    expect(cutOff).toMatchObject({ code: 'bad_sql', place: { file: 'b.sql', line: 2, column: 1 } });
    expect(await problemOf({ [main]: '\\i b.sql\n*/ select 1;', 'b.sql': 'select 1; /* x' })).toMatchObject({
      code: 'bad_sql',
      place: { file: 'b.sql', line: 1, column: 10 },
    });
    const commit = await read(await project({ [main]: '\\i b.sql\nselect 1;', 'b.sql': '\nrollback;' }));
    expect(() => planExecution(commit.statements, { file: commit.source, text: commit.text })).toThrow(
      expect.objectContaining({ place: { file: 'b.sql', line: 2, column: 1, text: 'rollback;' } }),
    );
  });

  const read = ({ read: reading }: { read: () => Promise<Migration> }) => reading();

  test.each([
    ['that is not there', { [main]: '\n\\i no.sql' }, 'no.sql does not exist', main, 2],
    ['that is a folder', { [main]: '\\i migrations' }, 'migrations is not a file', main, 1],
    ['that is no text', { [main]: '\\i b.sql', 'b.sql': 'select 1;\nselect \0;' }, 'b.sql holds a NUL byte at byte 17', 'b.sql', 2],
    ['that includes itself', { [main]: '\\i b.sql', 'b.sql': '\\ir ../b.sql', '../b.sql': '' }, 'lies outside', 'b.sql', 1],
    ['outside of the project', { [main]: '\\i /etc/hostname' }, '/etc/hostname lies outside of', main, 1],
    ['that includes itself at once', { [main]: '\\i b.sql', 'b.sql': '\n\\ir b.sql' }, 'b.sql includes itself', 'b.sql', 2],
    [
      'that includes what includes it',
      { [main]: '\\i b.sql', 'b.sql': '\\i c.sql', 'c.sql': 'select 1;\n\\i b.sql' },
      'b.sql includes itself through c.sql',
      'c.sql',
      2,
    ],
    ['within a statement', { [main]: 'select 1\n\\i b.sql' }, '\\i stands within a statement', main, 2],
    ['that is not named', { [main]: '\\ir' }, '\\ir takes the path of one file', main, 1],
    ['named by a variable', { [main]: '\\i :file' }, '\\i takes the path of one file', main, 1],
    [
      'and another command of psql',
      { [main]: '\\i b.sql', 'b.sql': 'select 1;\n\\set x 1' },
      '\\set is a command of psql, not SQL',
      'b.sql',
      2,
    ],
  ])('a file %s is refused with the line that names it', async (_, files, message, file, line) => {
    const problem = await problemOf(files);
    expect(problem.message).toContain(message);
    expect(problem.place).toMatchObject({ file, line });
    expect(problem).toMatchObject({ exitCode: 1, code: 'bad_sql' });
    expect(problem.state).toContain('othing was changed');
    expect(problem.next).toBeTruthy();
  });

  test('a link that leads out of the project is refused too', async () => {
    const { at, read: reading } = await project({ [main]: '\\i link.sql' });
    await symlink('/etc/hostname', join(at, 'link.sql'));
    await expect(reading()).rejects.toMatchObject({
      code: 'bad_sql',
      message: expect.stringContaining('link.sql'),
      place: { file: main, line: 1 },
    });
  });
});

describe('listMigrations', () => {
  test('files come in the order of their versions, others are skipped, duplicates reported', async () => {
    const migrations = join(folder, 'listed');
    await mkdir(join(migrations, '3_folder.sql'), { recursive: true });
    for (const name of ['2_b.sql', '10_a.sql', '2_a.sql', 'README.md', '4_x.SQL', '20251326211500_x y.sql'])
      await writeFile(join(migrations, name), '');
    const listed = await listMigrations(migrations);
    expect(listed.migrations.map(({ name }) => name.fileName)).toEqual(['10_a.sql', '2_a.sql', '2_b.sql', '20251326211500_x y.sql']);
    expect(listed.skipped).toEqual(['3_folder.sql', '4_x.SQL', 'README.md']);
    expect(listed.problems.map(({ code, detail }) => [code, detail])).toEqual([['bad_file_name', ['2_a.sql', '2_b.sql']]]);
  });

  test('a folder that is not there is a Problem', async () => {
    await expect(listMigrations(join(folder, 'nowhere'))).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining('nowhere'),
    });
  });
});
