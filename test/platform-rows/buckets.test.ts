import { describe, expect, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { expectCode, sites, type Site } from '../commands/site.ts';
import { mostly } from '../postgres/database.ts';

const migration = '20260201000000_v0_2_0_buckets.sql';
const buckets = async (site: Site) =>
  Object.fromEntries(
    (
      await site.sql<{ id: string; is: string }>(
        "select id, concat_ws(' ', case when public then 'public' else 'private' end, file_size_limit, allowed_mime_types::text) as is from storage.buckets order by id",
      )
    ).map(({ id, is }) => [id, is]),
  );

describe.each(mostly(17))('buckets on PostgreSQL %i', (major) => {
  const { withBase } = sites(major);

  test('buckets that a migration makes, changes and deletes are as before after its rollback and as it left them when it is applied again; those with files, and those of users, stay', () =>
    withBase(
      {
        [migration]: `set local storage.allow_delete_query = 'true';
delete from storage.buckets where id = 'old';
update storage.buckets set public = true, allowed_mime_types = '{image/png}' where id = 'logos';
insert into storage.buckets (id, name, public, file_size_limit) values ('avatars', 'avatars', true, 100), ('filled', 'filled', true, 200);`,
      },
      async (site) => {
        await site.sql("insert into storage.buckets (id, name) values ('logos', 'logos'), ('old', 'old'), ('theirs', 'theirs')");
        const before = await buckets(site);
        expectCode(await site.migrate(), 0);
        const after = await buckets(site);
        expect(after).toEqual({ avatars: 'public 100', filled: 'public 200', logos: 'public {image/png}', theirs: 'private' });
        await site.sql(
          "insert into storage.objects (bucket_id, name) values ('filled', 'a.png'), ('filled', 'b.png'); insert into storage.buckets (id, name) values ('since', 'since')",
        );

        const { told } = expectCode(await site.rollback({ steps: 1 }), 0);
        expect(told).toContain('storage.buckets: 1 bucket of the migration stays, for it holds files');
        expect(await buckets(site)).toEqual({ ...before, filled: 'public 200', since: 'private' });
        expect(await site.sql("select name from storage.objects where bucket_id = 'filled' order by name")).toEqual([
          { name: 'a.png' },
          { name: 'b.png' },
        ]);

        expectCode(await site.migrate(), 0);
        expect(await buckets(site)).toEqual({ ...after, since: 'private' });
        expect(await site.sql("select name from storage.objects where bucket_id = 'filled' order by name")).toEqual([
          { name: 'a.png' },
          { name: 'b.png' },
        ]);
      },
    ));

  test('a bucket goes with its migration where the role may not quieten the trigger that guards buckets', () =>
    withBase({ [migration]: "insert into storage.buckets (id, name) values ('avatars', 'avatars')" }, async (site) => {
      expectCode(await site.migrate(), 0);
      const superuser = { ...site.server.superuser, database: site.database.database };
      await withClient(superuser, (client) =>
        client.query('revoke execute on function supabase_migrations.supasnap_platform_rights(boolean) from postgres'),
      );
      await expect(site.sql("delete from storage.buckets where id = 'avatars'")).rejects.toThrow('deleted directly');
      expectCode(await site.rollback({ steps: 1 }), 0);
      expect(await buckets(site)).toEqual({});
      await expect(site.sql("insert into storage.buckets (id, name) values ('x', 'x'); delete from storage.buckets")).rejects.toThrow(
        'deleted directly',
      );
    }));
});
