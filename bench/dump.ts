// `pg_dump -s` where no client tools are installed: the bundled one, as a process of its own. node dump.js <url>
import { settingsFromUrl } from '../src/target/url.ts';
import { runBundled } from '../src/snapshot/pg-dump/bundled.ts';

const { sql, stderr } = await runBundled(settingsFromUrl(process.argv[2] as string, 'url'), ['--schema-only']);
if (sql === undefined) throw new Error(stderr);
process.stdout.write(sql);
