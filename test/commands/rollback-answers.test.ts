import { expect, test } from 'vitest';
import { whichRows } from '../../src/commands/rollback-answers.ts';

test('rows that stand against a check are those for which it is false', () => {
  expect(whichRows('ALTER TABLE "public"."tickets" ADD CONSTRAINT "known" CHECK ((priority >= 1) AND (priority <= 5))')).toEqual({
    table: '"public"."tickets"',
    condition: 'not ((priority >= 1) AND (priority <= 5))',
    all: true,
  });
});

test('rows that stand against a foreign key are those whose parent is not there; a null points nowhere', () => {
  expect(
    whichRows(
      'ALTER TABLE public.pets ADD CONSTRAINT "pets_owner" FOREIGN KEY (owner, house) REFERENCES public.owners(id, house) ON DELETE CASCADE',
    ),
  ).toEqual({
    table: 'public.pets',
    condition:
      'owner is not null and house is not null and (owner, house) not in (select id, house from public.owners where id is not null and house is not null)',
    all: true,
  });
});

test('rows that stand against a unique constraint or index are those that share a value', () => {
  const expected = {
    table: '"public"."people"',
    condition: '("email") in (select "email" from "public"."people" group by "email" having count(*) > 1)',
    all: false,
  };
  expect(whichRows('ALTER TABLE "public"."people" ADD CONSTRAINT "once" UNIQUE ("email")')).toEqual(expected);
  expect(whichRows('CREATE UNIQUE INDEX "once" ON "public"."people" USING btree ("email")')).toEqual(expected);
});

test('of other statements nothing is said', () => {
  expect(whichRows('CREATE UNIQUE INDEX once ON public.people USING btree (lower(email))')).toBeUndefined();
  expect(whichRows('ALTER TABLE public.people ADD COLUMN email text')).toBeUndefined();
});
