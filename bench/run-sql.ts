// `psql -f` where no client tools are installed: the bare driver, as a process of its own. node run-sql.js <url> <file> [-1]
import { readFileSync } from 'node:fs';
import { withClient } from '../src/target/connection.ts';
import { settingsFromUrl } from '../src/target/url.ts';

const [url, file] = process.argv.slice(2) as [string, string];
await withClient(settingsFromUrl(url, 'url'), (client) => client.query(readFileSync(file, 'utf8')));
