// The same commands to a real redis-server and to this front: replies byte by byte, and the
// names of what INFO and CLIENT INFO show. Skipped where redis-server is not installed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { encode, FrontHarness } from '../connection/front-harness.ts';

/** In this order, on one connection, first in RESP2, then in RESP3. */
const SAME: readonly string[] = [
  ...[
    'PING',
    'PING hi',
    'PING a b',
    'ECHO hi',
    'ECHO',
    'AUTH x',
    'AUTH default x',
    'AUTH nobody x',
  ],
  ...[
    'AUTH a b c',
    'AUTH',
    'HELLO 4',
    'HELLO abc',
    'HELLO 4 FOO',
    'HELLO 2 FOO',
    'HELLO 2 setname',
  ],
  ...['HELLO 2 SETNAME a\tb FOO', 'HELLO 2 AUTH default', 'HELLO 2 AUTH nobody x', 'HELLO 03'],
  ...['SELECT 0', 'SELECT 15', 'SELECT 16', 'SELECT -1', 'SELECT abc', 'SELECT 01'],
  ...['SELECT 99999999999', 'SELECT 99999999999999999999', 'SELECT 1 2', 'RESET x'],
  ...['CLIENT', 'CLIENT NOPE', 'CLIENT ID x', 'CLIENT GETNAME', 'CLIENT SETNAME a\tb'],
  ...['CLIENT SETNAME joe', 'CLIENT GETNAME', 'CLIENT LIST TYPE', 'CLIENT LIST TYPE foo'],
  ...['CLIENT LIST TYPE master', 'CLIENT LIST TYPE pubsub', 'CLIENT LIST TYPE slave'],
  ...['CLIENT LIST TYPE normal x', 'CLIENT LIST ID', 'CLIENT LIST ID abc', 'CLIENT LIST ID 0'],
  ...['CLIENT LIST ID -1', 'CLIENT LIST ID 99999', 'CLIENT LIST FOO 1', 'CLIENT LIST foo'],
  ...['CLIENT KILL', 'CLIENT KILL 1.2.3.4:5', 'CLIENT KILL ID', 'CLIENT KILL ID abc'],
  ...[
    'CLIENT KILL ID 0',
    'CLIENT KILL ID 99999',
    'CLIENT KILL TYPE foo',
    'CLIENT KILL TYPE master',
  ],
  ...['CLIENT KILL USER nobody', 'CLIENT KILL ADDR x', 'CLIENT KILL LADDR x'],
  ...['CLIENT KILL SKIPME maybe', 'CLIENT KILL FOO x', 'CLIENT KILL ID 9 FOO'],
  ...['CLIENT KILL ID 9 SKIPME', 'CLIENT KILL ID 99999 SKIPME yes', 'CLIENT KILL TYPE foo FOO'],
  ...['CLIENT NO-EVICT', 'CLIENT NO-EVICT maybe', 'CLIENT NO-EVICT on', 'CLIENT NO-EVICT OFF'],
  ...['CLIENT REPLY maybe', 'CLIENT REPLY on', 'CLIENT REPLY', 'CLIENT PAUSE abc'],
  ...['CLIENT PAUSE -1', 'CLIENT PAUSE 1 foo', 'CLIENT PAUSE abc foo', 'CLIENT PAUSE 1 ALL x'],
  ...[
    'CLIENT PAUSE',
    'CLIENT PAUSE 0 WRITE',
    'CLIENT UNPAUSE',
    'CLIENT UNPAUSE x',
    'CLIENT HELP x',
  ],
  ...['COMMAND NOPE', 'COMMAND COUNT x', 'COMMAND LIST FOO', 'COMMAND LIST FILTERBY'],
  ...['COMMAND LIST FILTERBY FOO x', 'COMMAND LIST FILTERBY MODULE x'],
  ...['COMMAND LIST FILTERBY ACLCAT nope', 'COMMAND LIST FILTERBY PATTERN x y'],
  ...['COMMAND LIST FILTERBY PATTERN ping', 'COMMAND GETKEYS get a', 'COMMAND GETKEYS get a b'],
  ...['COMMAND GETKEYS nope a', 'COMMAND GETKEYS client id', 'COMMAND GETKEYSANDFLAGS set a b'],
  ...['COMMAND GETKEYSANDFLAGS get a', 'COMMAND INFO nope get', 'COMMAND INFO client|id'],
  ...['COMMAND INFO echo select reset time role lolwut', 'COMMAND DOCS nope'],
  ...[
    'CONFIG',
    'CONFIG NOPE',
    'CONFIG GET',
    'CONFIG GET nope',
    'CONFIG GET timeout',
    'CONFIG SET a',
  ],
  ...['CONFIG GET databases', 'CONFIG SET a b c', 'CONFIG RESETSTAT', 'CONFIG RESETSTAT x'],
  ...['TIME x', 'ROLE', 'ROLE x', 'LOLWUT VERSION x', 'MODULE', 'MODULE FOO'],
  ...['SHUTDOWN FOO', 'SHUTDOWN SAVE NOSAVE', 'SHUTDOWN ABORT', 'SHUTDOWN ABORT NOW'],
  ...['SHUTDOWN NOW ABORT', 'SHUTDOWN NOSAVE NOW FORCE FOO', 'INFO nope', 'INFO modules'],
  ...['INFO keyspace', 'INFO cluster modules', 'NOPE a b', 'RESET', 'CLIENT GETNAME', 'QUIT'],
];

/** What INFO of redis-server 7.0 has and ours cannot know, or has no meaning here. */
const ABSENT = new Set([
  ...['atomicvar_api', 'gcc_version'],
  // Figures about an allocator; ours is the hot table, described in the section Forgekv.
  ...['allocator_allocated', 'allocator_active', 'allocator_resident', 'allocator_frag_ratio'],
  ...['allocator_frag_bytes', 'allocator_rss_ratio', 'allocator_rss_bytes', 'rss_overhead_ratio'],
  ...['rss_overhead_bytes', 'used_memory_startup', 'lazyfree_pending_objects', 'lazyfreed_objects'],
  // Nobody counts these.
  ...['client_recent_max_input_buffer', 'client_recent_max_output_buffer'],
  ...['expired_stale_perc', 'expired_time_cap_reached_count', 'expire_cycle_cpu_milliseconds'],
  ...['total_active_defrag_time', 'current_active_defrag_time', 'total_reads_processed'],
  ...['total_writes_processed', 'io_threaded_reads_processed', 'io_threaded_writes_processed'],
  ...['reply_buffer_shrinks', 'reply_buffer_expands', 'used_cpu_sys_main_thread'],
  'used_cpu_user_main_thread',
]);

test('against redis-server', async (t) => {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = spawn('redis-server', args, { stdio: 'ignore' });
  const missing = await startFailure(redis);
  if (missing !== null) {
    t.comment(`not compared: ${missing}`);
    return;
  }
  t.teardown(() => redis.kill('SIGKILL'));
  const client = await open(port);
  t.teardown(() => client.destroy());

  for (const version of ['2', '3']) {
    const peer = version === '2' ? client : await open(port);
    const front = new FrontHarness();
    await ask(peer, ['HELLO', version]);
    await front.send('HELLO', version);
    for (const line of SAME) {
      const words = line.split(' ').map((word) => word.replace('\t', ' '));
      t.equal(await front.send(...words), await ask(peer, words), `RESP${version}: ${line}`);
    }
    peer.destroy();
  }

  const peer = await open(port);
  const front = new FrontHarness();
  await ask(peer, ['SET', 'k', 'v']);
  const theirs = fieldNames(await ask(peer, ['INFO', 'everything']));
  const ours = fieldNames(await front.send('INFO', 'everything'));
  t.strictSame(
    theirs.filter((name) => !ours.includes(name) && !ABSENT.has(name)),
    [],
    'fields of INFO that are missing',
  );
  t.strictSame(
    [...ABSENT].filter((name) => ours.includes(name)),
    [],
    'fields of INFO that are said to be absent',
  );
  const theirClient = clientFields(await ask(peer, ['CLIENT', 'INFO']));
  const ourClient = clientFields(await front.send('CLIENT', 'INFO'));
  t.strictSame(ourClient, [...theirClient, 'lib-name', 'lib-ver']);
  peer.destroy();
});

/** Names of INFO's fields; those of single databases and commands left out. */
function fieldNames(reply: string): string[] {
  const names = [...reply.matchAll(/^([\w|-]+):/gm)].map((match) => match[1]!);
  return names.filter((name) => !/^(db\d|cmdstat_|errorstat_|latency_|txt)/.test(name));
}

function clientFields(reply: string): string[] {
  return [...reply.matchAll(/([\w-]+)=/g)].map((match) => match[1]!);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits for a spawned program to run; the reason when it cannot. */
async function startFailure(child: ChildProcess): Promise<string | null> {
  try {
    await once(child, 'spawn');
    return null;
  } catch (error) {
    return String(error);
  }
}

async function open(port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(50);
    }
  }
}

/** Sends one command, and a PING to know where its reply ends. */
async function ask(socket: Socket, words: readonly string[]): Promise<string> {
  const isLast = words[0] === 'QUIT';
  const marker = `$9\r\nmarker-42\r\n`;
  socket.write(
    isLast ? encode(words) : Buffer.concat([encode(words), encode(['PING', 'marker-42'])]),
  );
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1');
    if (text.endsWith(marker)) return text.slice(0, -marker.length);
  }
  return text;
}
