/** A program that starts a server and ends without stopping it; not a test itself. */
import { startForgeKv } from '../src/server-process.ts';

const [entry, ending] = process.argv.slice(2);
const server = await startForgeKv({ entry: entry as string });
console.log(JSON.stringify({ pid: server.pid, dir: server.dir }));
if (ending === 'throw') throw new Error('thrown by the test');
if (ending === 'exit') process.exit(1);
setInterval(() => {}, 1000);
