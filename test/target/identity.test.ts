import { expect, test } from 'vitest';
import { isSameDatabase, refOf } from '../../src/target/identity.ts';

const pooler = (ref: string) => ({
  host: 'aws-0-eu-central-1.pooler.supabase.com',
  port: 5432,
  user: `postgres.${ref}`,
  database: 'postgres',
});
const [one, other] = ['abcdefghijklmnopqrst', 'tsrqponmlkjihgfedcba'];

test("a project is known by its pooler's user and by its own host", () => {
  expect(refOf(pooler(one))).toBe(one);
  expect(refOf({ host: `db.${one}.supabase.co`, user: 'postgres' })).toBe(one);
  expect(refOf({ host: 'db.example.com', user: 'postgres' })).toBeUndefined();
});

test("projects that share a pooler's host are different databases; a project by two ways is one", () => {
  expect(isSameDatabase(pooler(one), pooler(other))).toBe(false);
  expect(isSameDatabase(pooler(one), { host: `db.${one}.supabase.co`, port: 5432, user: 'postgres', database: 'postgres' })).toBe(true);
  const local = { host: 'localhost', port: 5432, user: 'a', database: 'app' };
  expect(isSameDatabase(local, { ...local, host: '127.0.0.1', user: 'b' })).toBe(true);
  expect(isSameDatabase(local, { ...local, port: 5433 })).toBe(false);
  expect(isSameDatabase(local, { ...local, database: 'other' })).toBe(false);
});
