import { expect, test } from 'vitest';
import { mendEnumCast, mendOrder, mendStatement } from '../../src/planner/mend.ts';

test('a role’s search_path is a list of names, not one name', () => {
  expect(mendStatement(`ALTER ROLE "app" SET search_path TO '"$user", public'`)).toBe(
    'ALTER ROLE "app" SET search_path TO "$user", public',
  );
  expect(mendStatement(`ALTER ROLE "app" SET search_path TO '""'`)).toBe('ALTER ROLE "app" SET search_path TO ""');
  expect(mendStatement(`ALTER ROLE "app" SET work_mem TO '4MB'`)).toBe(`ALTER ROLE "app" SET work_mem TO '4MB'`);
});

test('a domain is NOT NULL once, under its name', () => {
  const planned =
    'CREATE DOMAIN "public"."p" AS numeric(5,2) DEFAULT 0 NOT NULL CONSTRAINT "p_not_null" NOT NULL CONSTRAINT "p_range" CHECK ((VALUE >= (0)::numeric))';
  expect(mendStatement(planned)).toBe(planned.replace(' NOT NULL CONSTRAINT "p_not_null"', ' CONSTRAINT "p_not_null"'));
  expect(mendStatement('CREATE DOMAIN "p" AS int NOT NULL CONSTRAINT "c" CHECK (VALUE > 1)')).toBe(
    'CREATE DOMAIN "p" AS int NOT NULL CONSTRAINT "c" CHECK (VALUE > 1)',
  );
});

test('a default is set once, behind the change of type that it needs', () => {
  const column = 'ALTER TABLE "public"."prices" ALTER COLUMN "currency"';
  const planned = [
    `${column} DROP DEFAULT`,
    `${column} SET DEFAULT 'eur'::public.currency`,
    `${column} SET DEFAULT 'eur'::public.currency`,
    'CREATE TYPE x',
    `${column} TYPE public.currency USING "currency"::public.currency`,
    'ALTER TYPE x',
  ];
  expect(mendOrder(planned.map((sql) => ({ sql }))).map(({ sql }) => sql)).toEqual([
    planned[0],
    planned[3],
    planned[4],
    planned[1],
    planned[5],
  ]);
});

test('defaults of other columns stay where they are', () => {
  const planned = [
    'ALTER TABLE "t" ALTER COLUMN "a" SET DEFAULT 1',
    'ALTER TABLE "t" ALTER COLUMN "ab" TYPE bigint USING "ab"::bigint',
  ].map((sql) => ({ sql }));
  expect(mendOrder(planned)).toEqual(planned);
});

test('a value becomes one of an enum by way of text', () => {
  const sql = 'ALTER TABLE "two"."t" ALTER COLUMN "s" TYPE two.state USING "s"::two.state';
  expect(mendEnumCast(sql, (type) => type === 'two.state')).toBe(
    'ALTER TABLE "two"."t" ALTER COLUMN "s" TYPE two.state USING "s"::text::two.state',
  );
  expect(mendEnumCast(sql, () => false)).toBe(sql);
});
