import { describe, expect, test } from 'vitest';
import { farLocksLast, replaceTriggers, type Reach } from '../../src/planner/late-order.ts';

/** A statement with what it changes, and what else it depends on. */
const statement = (sql: string, changes: string[], touches: string[] = []): { sql: string; reach: Reach } => ({
  sql,
  reach: { changes: new Set(changes), touches: new Set([...changes, ...touches]) },
});
const texts = (statements: { sql: string }[]) => statements.map(({ sql }) => sql);

const dropPolicy = statement('DROP POLICY "mine" ON "storage"."objects"', ['policy mine'], ['objects', 'function f']);
const dropTrigger = statement('DROP TRIGGER "made" ON "auth"."users"', ['trigger made'], ['users', 'function made']);
const dropMade = statement('DROP FUNCTION "public"."made"()', ['function made'], ['schema public']);
const createTable = statement('CREATE TABLE "public"."t" ()', ['table t'], ['schema public']);
const createTrigger = statement(
  'CREATE TRIGGER made AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.other()',
  ['trigger made'],
  ['users', 'function other'],
);

describe('statements that lock far', () => {
  test('stand last, with the function whose trigger goes, in the order they had', () => {
    expect(texts(farLocksLast([dropPolicy, dropTrigger, dropMade, createTable]))).toEqual(
      texts([createTable, dropPolicy, dropTrigger, dropMade]),
    );
  });

  test('stay before what can only be done when they are gone', () => {
    const dropType = statement('DROP TYPE "public"."kind"', ['type kind'], ['function made']);
    const dropColumn = statement('ALTER TABLE "storage"."objects" DROP COLUMN "x"', ['column x', 'objects'], []);
    expect(texts(farLocksLast([dropTrigger, statement(dropMade.sql, ['function made'], ['type kind']), dropType]))).toEqual(
      texts([dropTrigger, dropMade, dropType]),
    );
    expect(texts(farLocksLast([dropPolicy, dropColumn]))).toEqual(texts([dropPolicy, dropColumn]));
  });

  test('other plans keep their order', () => {
    const plan = [statement('DROP FUNCTION "public"."g"()', ['function g']), createTable];
    expect(farLocksLast(plan)).toBe(plan);
  });
});

describe('a trigger that is dropped and made again', () => {
  const never = () => false;

  test('is replaced, before its old function goes and behind its new one', () => {
    expect(texts(replaceTriggers([dropTrigger, dropMade, createTrigger], never))).toEqual([
      createTrigger.sql.replace('CREATE', 'CREATE OR REPLACE'),
      dropMade.sql,
    ]);
    const createOther = statement('CREATE FUNCTION "public"."other"() …', ['function other']);
    expect(texts(replaceTriggers([dropTrigger, createOther, createTrigger], never))).toEqual([
      createOther.sql,
      createTrigger.sql.replace('CREATE', 'CREATE OR REPLACE'),
    ]);
  });

  test('is not where both hold it, where it had a comment, or where it is a constraint trigger', () => {
    const createOther = statement('CREATE FUNCTION "public"."other"() …', ['function other']);
    const held = [dropTrigger, dropMade, createOther, createTrigger];
    expect(replaceTriggers(held, never)).toBe(held);
    expect(texts(replaceTriggers([dropTrigger, createTrigger], () => true))).toEqual(texts([dropTrigger, createTrigger]));
    const constraint = statement(createTrigger.sql.replace('CREATE TRIGGER', 'CREATE CONSTRAINT TRIGGER'), ['trigger made']);
    expect(texts(replaceTriggers([dropTrigger, constraint], never))).toEqual(texts([dropTrigger, constraint]));
  });
});
