import { describe, test } from 'vitest';
import { withClient } from '../../src/target/connection.ts';
import { readFacts, factDifferences } from '../../src/snapshot/facts.ts';
import { catalogCheck } from '../../src/snapshot/catalog-check.ts';
import { cronDatabase, serverWithExtensions } from '../extensions/server.ts';

describe('exp', () => {
  const { server, cron, fresh } = serverWithExtensions();
  test('facts', async () => {
    console.log('cron', cron());
    await fresh(cronDatabase);
    await withClient({ ...server().postgres, database: cronDatabase }, async (client) => {
      const q = async (s: string) => (await client.query(s)).rows;
      const a = await readFacts(client, { insideTransaction: false });
      const c1 = await catalogCheck(client);
      console.log(a.notModelled, a.base.facts().filter(({id}) => JSON.stringify(id).match(/cron|pgmq/)).map((f) => JSON.stringify(f.id)).join('\n'));
      console.log(a.base.edges.filter((e) => JSON.stringify(e).match(/cron|pgmq/)).map((f) => JSON.stringify(f)).slice(0,10).join('\n'));
      console.log(await q("select cron.schedule('x', '0 0 1 1 *', 'select 1')"), await q('select * from cron.job'));
      console.log(await q("select pgmq.create('q')"));
      const b = await readFacts(client, { insideTransaction: false });
      console.log(factDifferences(a, b), c1 === await catalogCheck(client));
      console.log(await q("select cron.alter_job(1, schedule := '1 0 1 1 *', active := false)").catch((e) => e.message));
      console.log(await q("select cron.schedule_in_database('y', '0 0 1 1 *', 'select 1', 'postgres', null, false)").catch((e) => e.message));
      console.log(await q("select cron.schedule_in_database('y', '0 0 1 1 *', 'select 1', 'postgres', 'postgres', false)").catch((e) => e.message));
      console.log(await q("select cron.schedule('1 0 1 1 *', 'select 2')").catch((e) => e.message));
      console.log(await q('select * from cron.job'));
      console.log(await q("update cron.job set active = false").catch((e) => e.message));
      console.log(await q("select cron.unschedule('nope')").catch((e) => e.message));
      console.log(await q("select pgmq.send('q', '{}')").catch((e) => e.message), await q("select pgmq.drop_queue('q')").catch((e) => e.message));
      console.log(await q("select extname, extowner::regrole::text from pg_extension"));
    });
  });
});
