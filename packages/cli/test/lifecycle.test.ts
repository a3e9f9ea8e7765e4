// A server's life: where it listens, how it ends and what becomes of replies then, what a second
// start finds. The command line is in command-line.test.ts.

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConnectionError,
  describeReply,
  encodeCommands,
  freePort,
  type RawReply,
  type RespClient,
} from '@forgekv/testkit';
import { test } from 'tap';
import { connect, connectToEveryFront, LAYOUTS, serve } from './support/servers.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

/** Replies that clients have when a stop under load begins. */
const LOAD_REPLIES = 1000;
/** An orderly stop under load takes milliseconds; a busy machine needs more. */
const STOP_MS = 3000;

test('unix socket: permissions, a stale file, TCP or not', async (t) => {
  const dir = temporaryDirectory(t);
  const path = join(dir, 's');
  // What a crashed server leaves behind is a socket nobody listens on.
  const stale = createServer();
  await new Promise<void>((resolve) => stale.listen(path, resolve));
  const socketArgs = ['--unixsocket', path, '--unixsocketperm', '700', '--dir', dir];
  const withTcp = await serve(t, { fronts: 2, workers: 1, args: socketArgs });
  t.equal(statSync(path).mode & 0o777, 0o700);
  const clients = [await connect(t, { path }), await connect(t, withTcp)];
  await clients[0]!.must('SET', 'k', 'v');
  t.equal(describeReply(await clients[1]!.command('GET', 'k')), '"v"');
  const own = describeReply(await clients[0]!.command('CLIENT', 'INFO'), 1000);
  t.match(own, ` addr=${path}:0 laddr=${path}:0 `);
  t.match(own, ' flags=U ');
  await withTcp.stop();
  t.notOk(existsSync(path), 'the socket goes with the server');
  stale.close();

  const alone = await new Spawned(t, ['--port', '0', ...socketArgs]).ready();
  const client = await connect(t, { path });
  t.match(await client.command('PING'), { text: 'PONG' });
  t.match(alone.log, `redis-cli -s ${path}`);
  alone.kill('SIGTERM');
  t.equal(await alone.ended, 0);
});

/** Sends INCRs in pipelines until the connection ends; returns the replies it got. */
async function countUntilClosed(client: RespClient, key: string): Promise<bigint[]> {
  const got: bigint[] = [];
  const commands = encodeCommands(Array.from({ length: 50 }, () => ['INCR', key]));
  const take = (replies: readonly RawReply[]): void => {
    for (const { reply } of replies) if (reply.kind === 'integer') got.push(reply.value);
  };
  for (;;) {
    try {
      take(await client.exchange(commands, 50));
    } catch (error) {
      if (error instanceof ConnectionError) take(error.received);
      return got;
    }
  }
}

/** Keeps workers busy with large values until the connection ends. */
function keepHopping(client: RespClient): void {
  const value = 'x'.repeat(500);
  const commands = encodeCommands(
    Array.from({ length: 40 }, (_, i) => ['SET', `large:${i}`, value]),
  );
  const hop = async (): Promise<void> => {
    for (;;) await client.exchange(commands, 40);
  };
  hop().catch(() => {});
}

/** What is missing between 1 and the highest count anybody was told. */
function holesIn(counts: readonly bigint[]): bigint[] {
  const sorted = [...counts].sort((a, b) => (a < b ? -1 : 1));
  return sorted.filter((count, i) => count !== BigInt(i + 1)).slice(0, 5);
}

for (const { fronts, workers } of LAYOUTS) {
  for (const end of ['SIGTERM', 'SIGINT', 'SHUTDOWN'] as const) {
    test(`${end} under load, ${fronts} fronts, ${workers} workers`, async (t) => {
      const port = await freePort();
      const dir = temporaryDirectory(t);
      const server = await new Spawned(t, [
        ...['--port', String(port), '--dir', dir, '--hot-value-max-bytes', '64'],
        ...['--front-threads', String(fronts), '--shard-threads', String(workers)],
      ]).ready();
      const clients = await connectToEveryFront(t, { port }, fronts);
      const idle = await connect(t, { port });
      // In place, on a worker, and a counter that everybody increments.
      const counters = clients.slice(0, 6).map((client) => countUntilClosed(client, 'shared'));
      const hoppers = Array.from({ length: 20 }, () => connect(t, { port }));
      for (const client of await Promise.all(hoppers)) keepHopping(client);
      for (let counted = 0; counted < LOAD_REPLIES; ) {
        await sleep(20);
        const reply = await idle.must('GET', 'shared');
        counted = reply.kind === 'bulk' ? Number(reply.bytes.toString()) : 0;
      }
      const startMs = performance.now();
      if (end === 'SHUTDOWN') idle.send(encodeCommands([['SHUTDOWN', 'NOSAVE']]));
      else server.kill(end);
      t.equal(await server.ended, 0);
      const tookMs = Math.round(performance.now() - startMs);
      t.ok(tookMs < STOP_MS, `it ended after ${tookMs} ms`);
      await idle.closed;
      const counts = (await Promise.all(counters)).flat();
      t.ok(counts.length >= LOAD_REPLIES, `${counts.length} replies`);
      t.same(holesIn(counts), [], 'nothing was executed without its reply being delivered');
    });
  }
}

test('replies that are on their way when the server stops arrive whole', async (t) => {
  const value = Buffer.alloc(3_000_000, 'v');
  for (const key of ['large', 'packed']) {
    const server = await serve(t, { fronts: 2, workers: 2 });
    const client = await connect(t, server);
    await client.must('SET', 'large', value);
    await client.must('SET', 'packed', value.subarray(0, 15_000));
    const count = key === 'large' ? 10 : 1000;
    const commands = Array.from({ length: count }, () => ['GET', key]);
    const replies = client.exchange(encodeCommands(commands), count).then(
      (all) => all,
      (error: ConnectionError) => {
        t.match(error.message, /connection closed after/, 'no half reply');
        return error.received;
      },
    );
    await sleep(20);
    const startMs = performance.now();
    const stopped = server.stop();
    const received = await replies;
    await stopped;
    t.ok(performance.now() - startMs < STOP_MS);
    t.match(server.log(), '[forgekv ended: code 0]');
    const expected = key === 'large' ? value.length : 15_000;
    const wrong = received.find(({ reply }) => {
      return reply.kind !== 'bulk' || reply.bytes.length !== expected;
    });
    t.equal(wrong, undefined);
    t.ok(received.length > 0, `${received.length} of ${count} replies came`);
  }
});

test('a slow reader gets the reply it was being sent when the server stops', async (t) => {
  const bytes = 20_000_000;
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  await client.must('SET', 'large', Buffer.alloc(bytes, 'v'));
  const slow = createConnection({ port: server.port, host: '127.0.0.1' });
  t.teardown(() => slow.destroy());
  let received = 0;
  slow.pause();
  slow.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.write(encodeCommands([['GET', 'large']]));
  await sleep(150);
  const stopped = server.stop();
  await sleep(300);
  slow.resume();
  await closed;
  t.equal(received, `$${bytes}\r\n`.length + bytes + 2);
  await stopped;
  t.match(server.log(), '[forgekv ended: code 0]');
});

test('SHUTDOWN: its forms, and who gets an answer', async (t) => {
  for (const form of [['SHUTDOWN'], ['shutdown', 'save'], ['SHUTDOWN', 'NOW', 'FORCE']]) {
    const dir = temporaryDirectory(t);
    const port = await freePort();
    const server = await new Spawned(t, ['--port', String(port), '--dir', dir]).ready();
    const client = await connect(t, { port });
    t.match(await client.command('SHUTDOWN', 'WHENEVER'), { text: 'ERR syntax error' });
    t.match(await client.command('SHUTDOWN', 'ABORT'), { text: 'ERR No shutdown in progress.' });
    const error = await client.command(...form).catch((problem: ConnectionError) => problem);
    t.match(error, { message: /closed after 0 of 1 replies/ }, 'no reply, the connection ends');
    t.equal(await server.ended, 0, form.join(' '));
    t.match(server.log, /a client asked for shutdown/);
    const refused = connect(t, { port });
    await t.rejects(refused, { message: /ECONNREFUSED/ });
  }
});

test('a stop that cannot wait: a client that does not read, a paused one', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const { port } = server;
  const admin = await connect(t, { port });
  await admin.must('SET', 'large', Buffer.alloc(1_000_000, 'x'));
  const deaf = createConnection({ port, host: '127.0.0.1' });
  t.teardown(() => deaf.destroy());
  deaf.on('error', () => {});
  deaf.pause();
  deaf.write(encodeCommands(Array.from({ length: 50 }, () => ['GET', 'large'])));
  const held = await connect(t, { port });
  await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
  held.send(encodeCommands([['SET', 'a', 'b']]));
  await sleep(100);
  const startMs = performance.now();
  await server.stop();
  const tookMs = Math.round(performance.now() - startMs);
  t.ok(tookMs < 12_000, `it ended after ${tookMs} ms`);
  t.match(server.log(), '[forgekv ended: code 0]');
});

test('a second start on the same directory', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const before = await connect(t, server);
  await before.must('SET', 'k', 'v');
  await server.restart();
  const again = await connect(t, server);
  t.match(await again.command('PING'), { text: 'PONG' });
  await server.kill9();
  // What a crash in the middle of making the directory's file leaves behind.
  writeFileSync(join(server.dir, 'forgekv.json.new'), '{"for');
  await server.restart();
  const third = await connect(t, server);
  t.match(await third.command('PING'), { text: 'PONG' });
});

test('as many threads as one may ask for', async (t) => {
  const args = ['--memtable-size-mb', '64'];
  const server = await serve(t, { fronts: 8, workers: 8, args });
  const clients = await connectToEveryFront(t, server, 8);
  const key = (i: number): string => `key:${i % 100}`;
  await Promise.all(
    clients.map((client) => {
      return client.pipeline(Array.from({ length: 200 }, (_, i) => ['INCR', key(i)]));
    }),
  );
  const reply = await clients[0]!.command('GET', 'key:7');
  t.equal(describeReply(reply), `"${clients.length * 2}"`);
  t.equal(describeReply(await clients[0]!.command('DBSIZE')), '(integer) 100');
  await server.stop();
  t.match(server.log(), '[forgekv ended: code 0]');
});

test('a thread that dies takes the process with it', async (t) => {
  // Without a hook in the server: a module that is loaded before it remembers the threads it
  // starts and, when asked, gives one of them a message no thread can make sense of.
  for (const name of ['front-1', 'shard-0']) {
    const port = await freePort();
    const dir = temporaryDirectory(t);
    const saboteur = new URL('./support/saboteur.js', import.meta.url).href;
    const server = await new Spawned(
      t,
      ['--port', String(port), '--dir', dir, '--front-threads', '2', '--shard-threads', '2'],
      ['--import', `${saboteur}?${name}`],
    ).ready();
    const client = await connect(t, { port });
    t.match(await client.command('PING'), { text: 'PONG' });
    server.kill('SIGUSR2');
    t.equal(await server.ended, 1);
    t.match(server.log, /a thread has failed; the server stops at once/);
    t.match(server.log, /no directive nonsense to take over/, 'the log has the cause');
    t.ok(await until(() => client.closed.then(() => true)));
  }
});
